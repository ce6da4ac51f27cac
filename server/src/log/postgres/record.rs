//! Rows as PostgreSQL reads them: each a record in binary form, so that a batch is one array. An array a column
//! would cost the server a tenth more, and text twice as much to read
//! (<https://www.postgresql.org/docs/15/protocol-overview.html#PROTOCOL-FORMAT-CODES>; a record is the number of
//! its fields, then the type, length and bytes of each).

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};
use uuid::Uuid;

use crate::domain::entry::{Actor, Body, Entry, Seq};
use crate::domain::ids::EntryId;
use crate::domain::place::Place;
use crate::domain::position::{Evidence, EvidenceSource, Position};
use crate::domain::report::{Category, Report};
use crate::log::{ContactDetails, Draft};

/// A field of a record.
enum Field<'a> {
    Uuid(Uuid),
    Bigint(i64),
    Integer(i32),
    Double(Option<f64>),
    Boolean(bool),
    /// Microseconds since 2000-01-01 UTC.
    Time(Option<i64>),
    Text(Option<&'a str>),
    Json(&'a str),
    Bytes(&'a [u8]),
}

impl Field<'_> {
    /// The number of the type, from PostgreSQL's `pg_type.dat`.
    fn oid(&self) -> u32 {
        match self {
            Self::Boolean(_) => 16,
            Self::Bytes(_) => 17,
            Self::Bigint(_) => 20,
            Self::Integer(_) => 23,
            Self::Text(_) => 25,
            Self::Json(_) => 114,
            Self::Double(_) => 701,
            Self::Time(_) => 1184,
            Self::Uuid(_) => 2950,
        }
    }

    fn write(&self, buffer: &mut PgArgumentBuffer) -> Result<(), BoxDynError> {
        buffer.extend_from_slice(&self.oid().to_be_bytes());
        let mut put = |bytes: &[u8]| -> Result<(), BoxDynError> {
            buffer.extend_from_slice(&i32::try_from(bytes.len())?.to_be_bytes());
            buffer.extend_from_slice(bytes);
            Ok(())
        };
        match self {
            Self::Uuid(id) => put(id.as_bytes()),
            Self::Bigint(number) | Self::Time(Some(number)) => put(&number.to_be_bytes()),
            Self::Integer(number) => put(&number.to_be_bytes()),
            Self::Double(Some(number)) => put(&number.to_be_bytes()),
            Self::Boolean(truth) => put(&[u8::from(*truth)]),
            Self::Text(Some(text)) | Self::Json(text) => put(text.as_bytes()),
            Self::Bytes(bytes) => put(bytes),
            Self::Double(None) | Self::Time(None) | Self::Text(None) => {
                buffer.extend_from_slice(&(-1_i32).to_be_bytes());
                Ok(())
            }
        }
    }
}

fn record(fields: &[Field<'_>], buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
    buffer.extend_from_slice(&i32::try_from(fields.len())?.to_be_bytes());
    fields.iter().try_for_each(|field| field.write(buffer))?;
    Ok(IsNull::No)
}

/// Makes a row one of a type of the schema `sokuho`, whose fields come in its order.
macro_rules! row_of {
    ($type:literal: $row:ident) => {
        impl Type<Postgres> for $row<'_> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($type)
            }
        }

        impl PgHasArrayType for $row<'_> {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($type)
            }
        }
    };
}

/// A row of the table `entry`.
pub(super) struct EntryRow<'a> {
    pub(super) seq: Seq,
    pub(super) draft: &'a Draft,
}

row_of!("entry": EntryRow);

impl Encode<'_, Postgres> for EntryRow<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let Draft { entry, digest, texts, .. } = self.draft;
        let fields = [
            Field::Bigint(self.seq.cast_signed()),
            Field::Uuid(entry.id.0),
            Field::Bytes(digest),
            Field::Uuid(entry.origin.0),
            Field::Bigint(entry.hlc.0.cast_signed()),
            Field::Json(&texts.actor),
            Field::Text(entry.office.as_ref().map(|office| office.as_str())),
            Field::Uuid(entry.operation.0),
            Field::Text(Some(entry.body.kind())),
            Field::Bigint(i64::from(entry.body.version())),
            Field::Json(&texts.body),
        ];
        record(&fields, buffer)
    }
}

/// A row of the table `contact`.
pub(super) struct ContactRow<'a> {
    pub(super) report: EntryId,
    pub(super) details: &'a ContactDetails,
}

row_of!("contact": ContactRow);

impl Encode<'_, Postgres> for ContactRow<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let ContactDetails { name, phone, email } = self.details;
        let text = |text| Field::Text(Option::as_deref(text));
        record(&[Field::Uuid(self.report.0), text(name), text(phone), text(email)], buffer)
    }
}

/// A report that opens its incident: the type `filing`.
pub(super) struct Filing<'a> {
    seq: Seq,
    entry: &'a Entry,
    report: &'a Report,
    witness: &'a Evidence,
}

row_of!("filing": Filing);

impl<'a> Filing<'a> {
    /// What the entry files, if that is a report.
    pub(super) fn of(seq: Seq, entry: &'a Entry) -> Option<Self> {
        let Body::ReportFiled(report) = &entry.body else { return None };
        let witness = report.evidence.get(report.chosen)?;
        Some(Self { seq, entry, report, witness })
    }

    /// Its number.
    pub(super) fn seq(&self) -> Seq {
        self.seq
    }

    /// The operation that it names.
    pub(super) fn operation(&self) -> Uuid {
        self.entry.operation.0
    }

    /// The offices that it names.
    pub(super) fn offices(&self) -> impl Iterator<Item = &'a str> {
        self.entry.office.iter().chain(self.report.place.municipality()).map(|office| office.as_str())
    }
}

impl Encode<'_, Postgres> for Filing<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let Self { seq, entry, report, witness } = self;
        let zones = (!report.zones.is_empty()).then(|| serde_json::to_string(&report.zones)).transpose()?;
        let fields = [
            Field::Uuid(report.id.0),
            Field::Uuid(report.incident.0),
            Field::Bigint(seq.cast_signed()),
            Field::Bigint(entry.hlc.0.cast_signed()),
            Field::Uuid(entry.operation.0),
            Field::Text(entry.office.as_ref().map(|office| office.as_str())),
            Field::Text(Some(reporter(&entry.actor))),
            Field::Text(Some(category(report.category))),
            Field::Text(Some(&report.words)),
            Field::Boolean(report.danger_to_life),
            Field::Time(time(report.observed_at)),
            Field::Text(Some(standing(&report.place))),
            Field::Text(report.place.municipality().map(|office| office.as_str())),
            Field::Text(Some(report.boundaries.as_str())),
            Field::Text(Some(source(witness.source))),
            Field::Double(witness.accuracy_m),
            Field::Double(Some(Position::lon(witness.position))),
            Field::Double(Some(Position::lat(witness.position))),
            Field::Integer(i32::try_from(report.media.len())?),
            Field::Text(zones.as_deref()),
        ];
        record(&fields, buffer)
    }
}

/// Microseconds since 2000-01-01 UTC, rounded as PostgreSQL rounds the fraction of a second in a text
/// (`ParseFractionalSecond`). Before the year 1 its text has no year that it would read, and there is none.
fn time(at: Timestamp) -> Option<i64> {
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_2000: i64 = 946_684_800;
    let (second, nanos) = (at.as_second(), i64::from(at.subsec_nanosecond()));
    // Before 1970 both count backwards.
    let (second, nanos) = if nanos < 0 { (second - 1, nanos + 1_000_000_000) } else { (second, nanos) };
    let micros = (nanos as f64 / 1e9 * 1e6).round_ties_even() as i64;
    (second >= YEAR_1).then_some((second - YEAR_2000) * 1_000_000 + micros)
}

fn reporter(actor: &Actor) -> &'static str {
    match actor {
        Actor::Staff { .. } => "staff",
        Actor::Resident => "resident",
        Actor::System => "system",
    }
}

fn category(category: Category) -> &'static str {
    match category {
        Category::RoadDamage => "road_damage",
        Category::WaterLeak => "water_leak",
        Category::StreetLight => "street_light",
        Category::Hazard => "hazard",
        Category::Other => "other",
    }
}

fn standing(place: &Place) -> &'static str {
    match place {
        Place::Inside { .. } => "inside",
        Place::OnBorder { .. } => "on_border",
        Place::Outside { .. } => "outside",
    }
}

fn source(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::Device => "device",
        EvidenceSource::Media => "media",
        EvidenceSource::Pin => "pin",
        EvidenceSource::Typed => "typed",
    }
}
