//! Which shelters there are.

use crate::domain::shelter::{Danger, Shelter, ShelterKind};
use crate::log::postgres::{PostgresLog, in_time};
use crate::log::{LogError, storage};

/// Takes the list over: new ones come, known ones are brought up to date, and those that it no longer names stay as
/// long as anybody has said something of them.
const DESCRIBE: &str = "INSERT INTO shelter (id, name, english, address, municipality, emergency_site, stay, fit_flood, \
         fit_landslide, fit_storm_surge, fit_earthquake, fit_tsunami, fit_fire, fit_inland_flood, fit_volcano, capacity, \
         accepts, demonstration, listed, geom) \
     SELECT id::uuid, name, english, address, municipality, site, stay, fit & 1 > 0, fit & 2 > 0, fit & 4 > 0, \
         fit & 8 > 0, fit & 16 > 0, fit & 32 > 0, fit & 64 > 0, fit & 128 > 0, capacity, accepts, $12, true, \
         ST_SetSRID(ST_MakePoint(lon, lat), 4326) \
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[], \
         $8::integer[], $9::integer[], $10::text[], $11::float8[], $13::float8[]) \
         AS _ (id, name, english, address, municipality, site, stay, fit, capacity, accepts, lon, lat) \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, english = excluded.english, address = excluded.address, \
         municipality = excluded.municipality, emergency_site = excluded.emergency_site, stay = excluded.stay, \
         fit_flood = excluded.fit_flood, fit_landslide = excluded.fit_landslide, \
         fit_storm_surge = excluded.fit_storm_surge, fit_earthquake = excluded.fit_earthquake, \
         fit_tsunami = excluded.fit_tsunami, fit_fire = excluded.fit_fire, \
         fit_inland_flood = excluded.fit_inland_flood, fit_volcano = excluded.fit_volcano, \
         capacity = excluded.capacity, accepts = excluded.accepts, demonstration = excluded.demonstration, \
         listed = true, geom = excluded.geom \
     WHERE (shelter.name, shelter.english, shelter.address, shelter.municipality, shelter.emergency_site, shelter.stay, \
             shelter.fit_flood, shelter.fit_landslide, shelter.fit_storm_surge, shelter.fit_earthquake, \
             shelter.fit_tsunami, shelter.fit_fire, shelter.fit_inland_flood, shelter.fit_volcano, shelter.capacity, \
             shelter.accepts, shelter.demonstration, shelter.listed, shelter.geom) \
         IS DISTINCT FROM (excluded.name, excluded.english, excluded.address, excluded.municipality, \
             excluded.emergency_site, excluded.stay, excluded.fit_flood, excluded.fit_landslide, \
             excluded.fit_storm_surge, excluded.fit_earthquake, excluded.fit_tsunami, excluded.fit_fire, \
             excluded.fit_inland_flood, excluded.fit_volcano, excluded.capacity, excluded.accepts, \
             excluded.demonstration, true, excluded.geom)";

impl PostgresLog {
    /// Writes down which shelters there are, in one transaction; what is so already is left alone, so that a node can
    /// start on a full disk.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn describe_shelters(&self, shelters: &[Shelter], demonstration: bool) -> Result<(), LogError> {
        fn column<T>(shelters: &[Shelter], of: impl Fn(&Shelter) -> T) -> Vec<T> {
            shelters.iter().map(of).collect()
        }
        let is = |kind: ShelterKind| column(shelters, move |shelter| shelter.kinds.contains(&kind));
        // One bit a danger, in the order of the act.
        let fit = |shelter: &Shelter| {
            let fit = shelter.fit?;
            let bits = Danger::ALL.into_iter().enumerate().filter(|(_, danger)| fit.contains(*danger));
            Some(bits.fold(0, |all, (at, _)| all | 1_i32 << at))
        };
        let people = |shelter: &Shelter| shelter.capacity.map(|people| i32::try_from(people).unwrap_or(i32::MAX));
        in_time(async {
            let mut transaction = self.readers.begin().await.map_err(storage)?;
            let away = "UPDATE shelter SET listed = false WHERE listed AND id <> ALL ($1::uuid[])";
            let ids = column(shelters, |shelter| shelter.id.to_string());
            sqlx::query(away).bind(&ids).execute(&mut *transaction).await.map_err(storage)?;
            sqlx::query(DESCRIBE)
                .bind(ids)
                .bind(column(shelters, |shelter| shelter.name.clone()))
                .bind(column(shelters, |shelter| shelter.english.clone()))
                .bind(column(shelters, |shelter| shelter.address.clone()))
                .bind(column(shelters, |shelter| shelter.municipality.to_string()))
                .bind(is(ShelterKind::EmergencySite))
                .bind(is(ShelterKind::Shelter))
                .bind(column(shelters, fit))
                .bind(column(shelters, people))
                .bind(column(shelters, |shelter| shelter.accepts.clone()))
                .bind(column(shelters, |shelter| shelter.position.lon()))
                .bind(demonstration)
                .bind(column(shelters, |shelter| shelter.position.lat()))
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
            let gone = "DELETE FROM shelter WHERE NOT listed AND state IS NULL";
            sqlx::query(gone).execute(&mut *transaction).await.map_err(storage)?;
            transaction.commit().await.map_err(storage)
        })
        .await
    }
}
