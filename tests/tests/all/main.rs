//! The system as its users meet it: every test starts the shipped binary with a data folder of its own,
//! speaks to it over the wire alone, and fails if the server's log holds a WARN or ERROR that the test
//! did not foresee.

mod archives;
mod audit;
mod backup;
mod bad_reports;
mod bad_uploads;
mod bad_viewers;
mod base_map;
mod bystander;
mod check_in;
mod damage;
mod disk_full;
mod durability;
mod editions;
mod features;
mod features_clients;
mod hazard;
mod hazard_imports;
mod hazard_room;
mod incidents;
mod line_cut;
mod live;
mod media;
mod not_begun;
mod operating;
mod public_view;
mod receipts;
mod shared_data;
mod sharing;
mod shelters;
mod stopping;
mod tiles;
mod tiles_of_others;
mod tokens;
