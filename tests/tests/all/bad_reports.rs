//! Reports that no honest phone sends: each is refused by name, nothing is written, nobody is disturbed.

use anyhow::{Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::report::{at, report, with};
use sokuho_tests::server::Server;
use sokuho_tests::time::new_id;

use crate::bystander::Bystander;

async fn is_refused(body: impl FnOnce(Value) -> Vec<u8>, status: u16, code: &str) -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let body = body(report(bystander.at()));
    server.public().post_raw("/api/reports", body).await?.refused(status, code)?;
    bystander.is_undisturbed().await
}

#[rstest]
#[case::latitude_beyond_the_pole(json!(90.5), json!(10.0), "position_out_of_range")]
#[case::longitude_beyond_the_date_line(json!(37.5), json!(200.0), "position_out_of_range")]
#[case::latitude_and_longitude_swapped(json!(139.93), json!(37.49), "position_swapped")]
#[case::null_island(json!(0.0), json!(0.0), "position_null_island")]
#[case::near_null_island(json!(0.001), json!(-0.002), "position_null_island")]
#[case::latitude_as_text(json!("NaN"), json!(139.9), "invalid_field")]
#[case::no_latitude(json!(null), json!(139.9), "invalid_field")]
#[tokio::test]
async fn a_position_that_is_none_is_refused(#[case] lat: Value, #[case] lon: Value, #[case] code: &str) -> Result<()> {
    is_refused(|report| at(report, lat, lon).to_string().into_bytes(), 422, code).await
}

#[rstest]
#[case::nan("NaN", 400, "malformed_request")]
#[case::hexadecimal("0x25", 400, "malformed_request")]
#[case::larger_than_any("1e999", 422, "invalid_field")]
#[tokio::test]
async fn a_number_that_is_none_is_refused(#[case] number: &str, #[case] status: u16, #[case] code: &str) -> Result<()> {
    let body = |report| at(report, json!("HERE"), json!(139.9)).to_string().replace("\"HERE\"", number).into_bytes();
    is_refused(body, status, code).await
}

#[rstest]
#[case::control_characters("words", json!("危\u{0007}険"), "text_not_allowed")]
#[case::a_mark_that_turns_the_writing("words", json!("安全\u{202E}険危"), "text_not_allowed")]
#[case::a_category_as_an_object("category", json!({ "hazard": null }), "invalid_field")]
#[case::danger_to_life_without_an_account("danger_to_life", json!(true), "invalid_field")]
#[case::a_null_character("words", json!("危\u{0}険"), "text_not_allowed")]
#[case::too_many_characters("words", json!("雨".repeat(2001)), "text_too_long")]
#[case::an_unknown_category("category", json!("volcano"), "invalid_field")]
#[case::an_unknown_field("colour", json!("red"), "unknown_field")]
#[case::no_witness("evidence", json!([]), "position_missing")]
#[case::a_witness_that_is_not_there("chosen", json!(1), "invalid_field")]
#[case::an_id_that_is_none("id", json!("1"), "invalid_field")]
#[case::a_time_that_is_none("observed_at", json!("yesterday"), "invalid_field")]
#[case::an_operation_that_nobody_opened("operation", json!("01900000-0000-7000-8000-00000000ffff"), "unknown_operation")]
#[case::a_photo_that_nobody_uploaded("media", json!(["ab".repeat(32)]), "unknown_media")]
#[case::eleven_photos("media", json!(vec!["ab".repeat(32); 11]), "invalid_field")]
#[case::contact_with_control_characters("contact", json!({ "name": "a\u{0007}" }), "text_not_allowed")]
#[case::contact_too_long("contact", json!({ "phone": "1".repeat(201) }), "text_too_long")]
#[tokio::test]
async fn a_field_that_is_wrong_is_refused(#[case] field: &str, #[case] value: Value, #[case] code: &str) -> Result<()> {
    is_refused(|report| with(report, field, value).to_string().into_bytes(), 422, code).await
}

#[tokio::test]
async fn seventeen_witnesses_are_refused() -> Result<()> {
    let many = |sent: Value| {
        let witness = sent["evidence"][0].clone();
        with(sent, "evidence", json!(vec![witness; 17])).to_string().into_bytes()
    };
    is_refused(many, 422, "invalid_field").await
}

#[rstest]
#[case::a_negative_accuracy("accuracy_m", json!(-1.0))]
#[case::a_heading_beyond_a_full_turn("heading_deg", json!(360.5))]
#[case::an_unknown_source("source", json!("rumour"))]
#[tokio::test]
async fn a_witness_that_makes_no_sense_is_refused(#[case] field: &str, #[case] value: Value) -> Result<()> {
    let change = |mut sent: Value| {
        sent["evidence"][0][field] = value;
        sent.to_string().into_bytes()
    };
    is_refused(change, 422, "invalid_field").await
}

#[tokio::test]
async fn invalid_utf_8_is_refused() -> Result<()> {
    let broken = |sent: Value| {
        let mut bytes = with(sent, "words", json!("HERE")).to_string().into_bytes();
        if let Some(at) = bytes.windows(4).position(|window| window == b"HERE") {
            bytes[at] = 0xFF;
        }
        bytes
    };
    is_refused(broken, 400, "malformed_request").await
}

#[rstest]
#[case::cut_short(|sent: Value| sent.to_string().into_bytes()[..40].to_vec())]
#[case::empty(|_| Vec::new())]
#[case::no_json(|_| b"hello".to_vec())]
#[tokio::test]
async fn what_is_not_json_is_refused(#[case] body: fn(Value) -> Vec<u8>) -> Result<()> {
    is_refused(body, 400, "malformed_request").await
}

#[tokio::test]
async fn a_list_of_the_fields_in_their_order_is_refused() -> Result<()> {
    let list = |sent: Value| json!([sent["id"], null, sent["category"], sent["words"], false]).to_string().into_bytes();
    is_refused(list, 422, "invalid_field").await
}

#[tokio::test]
async fn a_megabyte_of_text_is_refused() -> Result<()> {
    let long = |sent: Value| with(sent, "words", json!("あ".repeat(350_000))).to_string().into_bytes();
    is_refused(long, 413, "body_too_large").await
}

#[tokio::test]
async fn a_body_that_nests_ten_thousand_deep_is_refused() -> Result<()> {
    let deep = |_| [vec![b'['; 10_000], vec![b']'; 10_000]].concat();
    is_refused(deep, 422, "invalid_field").await
}

#[tokio::test]
async fn a_body_that_is_not_called_json_is_refused() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let request = server.public().request(reqwest::Method::POST, "/api/reports");
    let body = report(bystander.at()).to_string();
    let answer = server.public().send(request.header("content-type", "text/plain").body(body)).await?;
    answer.refused(400, "malformed_request")?;
    bystander.is_undisturbed().await
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_are_refused_as_problems() -> Result<()> {
    let server = Server::start()?;
    server.public().get("/api/nothing").await?.refused(404, "not_found")?;
    server.public().delete("/api/reports").await?.refused(405, "method_not_allowed")?;
    let problem = server.public().get(&format!("/api/receipts/{}", new_id())).await?.refused(404, "not_found")?;
    ensure!(problem["request_id"].is_string(), "a problem without the request's id: {problem}");
    Ok(())
}
