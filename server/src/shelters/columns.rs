//! What the columns of a shelter list mean.
//!
//! Three families of lists are known. GSI's 指定緊急避難場所・指定避難所データ
//! (<https://www.gsi.go.jp/bousaichiri/hinanbasho.html>); the Digital Agency's 自治体標準オープンデータセット
//! (<https://www.digital.go.jp/resources/open_data/municipal-standard-data-set-test>) with its predecessor; and
//! what towns made before there was a standard. A column that is not known is passed over, so that one whose name
//! changes from file to file (a head count with its date) harms nothing.

use crate::domain::shelter::{Danger, Dangers};

/// What a column says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    Name,
    English,
    Address,
    /// A part of the address; they are put together in this order where the whole is missing.
    AddressPart(u8),
    Lat,
    Lon,
    /// GSI's 共通ID.
    CommonId,
    /// The list's own id. Not `NO`, which only counts the rows of one edition.
    Id,
    TownCode,
    TownName,
    Fit(Danger),
    /// The list is one of emergency sites, and the cell says whether the place is a shelter too.
    AlsoShelter,
    /// The list is one of shelters, and the cell says whether the place is an emergency site too.
    AlsoSite,
    Capacity,
    Accepts,
    /// A head count: the list is one of shelters that were open.
    People,
}

/// What a header says; `None`: nothing that is known.
pub(super) fn column(header: &str) -> Option<Column> {
    use Column::{
        Accepts, Address, AddressPart, AlsoShelter, AlsoSite, Capacity, CommonId, English, Fit, Id, Lat, Lon, Name,
        People, TownCode, TownName,
    };
    let header = plain(header).to_ascii_lowercase();
    let header = header.trim_start_matches('\u{feff}').trim();
    let danger = header.strip_prefix("災害種別").map_or(header, |kind| kind.trim_start_matches(['_', ':']));
    Some(match header {
        "名称" | "施設・場所名" | "施設名" | "施設名称" | "避難所名" | "避難場所名" | "name" => {
            Name
        }
        "名称_英字" | "名称(英字)" | "名称_英語" => English,
        "所在地_連結表記" | "住所" | "所在地" | "施設所在地" | "address" => Address,
        "所在地_都道府県" | "都道府県名" => AddressPart(0),
        "所在地_町字" => AddressPart(2),
        "所在地_番地以下" => AddressPart(3),
        "緯度" | "緯度(10進)" | "latitude" | "lat" => Lat,
        "経度" | "経度(10進)" | "longitude" | "lon" | "lng" => Lon,
        "共通id" => CommonId,
        "id" | "施設id" | "避難所id" | "shelter_code" => Id,
        "全国地方公共団体コード" | "都道府県コード又は市区町村コード" | "市区町村コード" | "市町村コード" => {
            TownCode
        }
        "都道府県名及び市町村名" | "所在地_市区町村" | "市区町村名" | "市町村名" | "地方公共団体名" => {
            TownName
        }
        "指定避難所との住所同一" | "指定避難所との重複" => AlsoShelter,
        "指定緊急避難場所との住所同一" | "指定緊急避難場所との重複" => AlsoSite,
        "想定収容人数" | "収容人数" | "収容可能人数" | "収容定員" | "capacity" => Capacity,
        "受入対象者" => Accepts,
        "人数" | "避難者数" => People,
        _ if header.starts_with("人数_") || header.starts_with("避難者数_") => People,
        _ => Fit(match danger {
            "洪水" => Danger::Flood,
            "崖崩れ、土石流及び地滑り" | "崖崩れ・土石流・地滑り" | "がけ崩れ、土石流及び地滑り" | "土砂災害" => {
                Danger::Landslide
            }
            "高潮" => Danger::StormSurge,
            "地震" => Danger::Earthquake,
            "津波" => Danger::Tsunami,
            "大規模な火事" | "大規模火災" => Danger::Fire,
            "内水氾濫" => Danger::InlandFlood,
            "火山現象" | "火山" => Danger::Volcano,
            _ => return None,
        }),
    })
}

/// Full-width digits, letters and signs as ASCII (U+FF01 to U+FF5E stand 0xFEE0 above it), without the space around.
pub(super) fn plain(text: &str) -> String {
    let ascii = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    };
    text.trim().chars().map(ascii).collect::<String>().trim().to_owned()
}

/// A row's cells, by what their columns say.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// The line of a CSV or the number of a GeoJSON feature, from 1.
    pub(super) at: u64,
    pub(super) cells: Vec<(Column, String)>,
}

impl Row {
    /// The cell, without the space around it; `None` if there is nothing in it.
    pub(super) fn get(&self, column: Column) -> Option<&str> {
        let mut cells = self.cells.iter().filter(|(of, _)| *of == column).map(|(_, text)| text.trim());
        cells.find(|text| !text.is_empty())
    }

    /// Whether the list has this column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.cells.iter().any(|(of, _)| *of == column)
    }

    /// The address, put together where it is not written in one.
    pub(super) fn address(&self) -> String {
        let whole = self.get(Column::Address).unwrap_or_default();
        if !whole.is_empty() {
            return whole.to_owned();
        }
        let part = |number| self.get(Column::AddressPart(number)).unwrap_or_default();
        let town = self.get(Column::TownName).unwrap_or_default();
        let town = town.strip_prefix(part(0)).unwrap_or(town);
        [part(0), town, part(2), part(3)].concat()
    }

    /// What the place is fit for; `None` where the row marks nothing. Gives too what stands in a cell and is no mark.
    pub(super) fn fit(&self) -> (Option<Dangers>, Option<String>) {
        let (mut fit, mut odd) = (Dangers::default(), None);
        for danger in Danger::ALL {
            let Some(text) = self.get(Column::Fit(danger)) else { continue };
            match mark(text) {
                Some(true) => fit.insert(danger),
                Some(false) => {}
                None => odd = Some(text.chars().take(20).collect()),
            }
        }
        (Some(fit).filter(|fit| !fit.is_empty()), odd)
    }

    /// Whether a cell is marked; an empty one, or one that says something else, is not.
    pub(super) fn is_marked(&self, column: Column) -> bool {
        self.get(column).and_then(mark).unwrap_or(false)
    }
}

/// Yes or no, as lists write it. A triangle means "under conditions", which nobody can count on.
fn mark(text: &str) -> Option<bool> {
    match plain(text).to_ascii_lowercase().as_str() {
        "1" | "1.0" | "○" | "〇" | "◯" | "◎" | "●" | "true" | "yes" | "有" | "可" | "適" => Some(true),
        "" | "0" | "0.0" | "×" | "✕" | "x" | "△" | "-" | "－" | "―" | "false" | "no" | "無" | "否" | "不可" => {
            Some(false)
        }
        _ => None,
    }
}

/// Degrees; `None` for what is no decimal number.
pub(super) fn degrees(text: &str) -> Option<f64> {
    plain(text).parse().ok().filter(|degrees: &f64| degrees.is_finite())
}

/// People that a place holds indoors: a number (`1,200`, `３００人`), or the one behind 屋内 in a text such as
/// `屋内480人／屋外3,350人(面積の1/2)`. `None` for everything else.
pub(super) fn people(text: &str) -> Option<u32> {
    let text = plain(text);
    let from = text.find("屋内").map_or(text.as_str(), |at| &text[at + "屋内".len()..]);
    let from = from.trim_start_matches([':', ' ']);
    let digits = from.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(from.len());
    let (number, rest) = from.split_at(digits);
    let counts_people = rest.is_empty() || rest.starts_with(['人', '名']) || rest == ".0";
    number.replace(',', "").parse().ok().filter(|_| counts_people)
}

/// A municipality's five digits, from a code of five, or of six with the check digit. A spreadsheet may have taken
/// the leading nought.
pub(super) fn town_code(text: &str) -> Option<String> {
    let text = plain(text);
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        6 => Some(digits[..5].to_owned()),
        // Five digits are a code, or a code with its check digit without the nought before it.
        5 if !digits.starts_with('0') && is_checked(&format!("0{digits}")) => Some(format!("0{}", &digits[..4])),
        5 => Some(digits.to_owned()),
        4 => Some(format!("0{digits}")),
        _ => None,
    }
}

/// Whether the sixth digit is the check digit of the first five (総務省 全国地方公共団体コード仕様: weights 6 to 2,
/// modulus 11).
fn is_checked(six: &str) -> bool {
    let digits: Vec<u32> = six.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().zip([6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    digits.get(5) == Some(&((11 - sum % 11) % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_all_three_families_are_understood() {
        for (header, expected) in [
            ("\u{feff}NO", None),
            ("共通ID", Some(Column::CommonId)),
            ("施設・場所名", Some(Column::Name)),
            ("緯度（１０進）", Some(Column::Lat)),
            ("災害種別_崖崩れ、土石流及び地滑り", Some(Column::Fit(Danger::Landslide))),
            ("内水氾濫", Some(Column::Fit(Danger::InlandFlood))),
            ("人数_令和6年1月9日午後6時時点", Some(Column::People)),
            ("shelter_code", Some(Column::Id)),
            ("名称_カナ", None),
            ("標高", None),
        ] {
            assert_eq!(column(header), expected, "{header}");
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(people("屋内480人／屋外3,350人(面積の1/2)"), Some(480));
        assert_eq!(people("屋内1,047人／屋外5,000人"), Some(1_047));
        assert_eq!((people("３００人"), people("120"), people("95.0")), (Some(300), Some(120), Some(95)));
        assert_eq!((people("多数"), people(""), people("100㎡"), people("屋外50人")), (None, None, None, None));
        assert_eq!(degrees("３７．４９"), Some(37.49));
        assert_eq!((degrees("37度29分"), degrees("NaN"), degrees("")), (None, None, None));
    }

    #[test]
    fn a_code_is_five_digits_with_or_without_its_check_digit_and_nought() {
        for (text, code) in
            [("072028", "07202"), ("07202", "07202"), ("7202", "07202"), ("72028", "07202"), ("172022", "17202")]
        {
            assert_eq!(town_code(text).as_deref(), Some(code), "{text}");
        }
        // 13101 is Chiyoda; with a nought before it the last digit would have to be its check digit.
        assert_eq!(town_code("13101").as_deref(), Some("13101"));
        assert_eq!((town_code("福島県"), town_code(""), town_code("7")), (None, None, None));
    }

    #[test]
    fn a_mark_that_is_none_is_told_and_does_not_count() {
        let row = |cells: &[(Danger, &str)]| Row {
            at: 2,
            cells: cells.iter().map(|(danger, text)| (Column::Fit(*danger), (*text).to_owned())).collect(),
        };
        let (fit, odd) = row(&[(Danger::Flood, "○"), (Danger::Fire, "△"), (Danger::Tsunami, "たぶん")]).fit();
        assert_eq!(fit.map(Vec::from), Some(vec![Danger::Flood]));
        assert_eq!(odd.as_deref(), Some("たぶん"));
        assert_eq!(row(&[(Danger::Flood, ""), (Danger::Fire, " ")]).fit(), (None, None), "nothing is said");
    }
}
