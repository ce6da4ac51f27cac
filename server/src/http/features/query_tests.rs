use axum::http::HeaderValue;
use rstest::rstest;

use super::*;

fn items(bbox: Option<&str>, datetime: Option<&str>, limit: Option<&str>, cursor: Option<&str>) -> ApiResult<Wanted> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let query = ItemsQuery {
        bbox: owned(bbox),
        datetime: owned(datetime),
        limit: owned(limit),
        cursor: owned(cursor),
        f: None,
    };
    Wanted::read("http://h", Which::Incidents, &HeaderMap::new(), &query)
}

fn time(text: &str) -> Option<Timestamp> {
    Some(text.parse().unwrap())
}

#[rstest]
#[case::four("139.5,37.1,140,37.9", vec![(139.5, 37.1, 140.0, 37.9)])]
#[case::spaces("139.5, 37.1, 140, 37.9", vec![(139.5, 37.1, 140.0, 37.9)])]
#[case::six_with_heights("139.5,37.1,-10,140,37.9,2000", vec![(139.5, 37.1, 140.0, 37.9)])]
#[case::a_point("139.5,37.1,139.5,37.1", vec![(139.5, 37.1, 139.5, 37.1)])]
#[case::the_world("-180,-90,180,90", vec![(-180.0, -90.0, 180.0, 90.0)])]
#[case::across_the_antimeridian("170,-10,-170,10", vec![(170.0, -10.0, 180.0, 10.0), (-180.0, -10.0, -170.0, 10.0)])]
fn a_box_is_read(#[case] text: &str, #[case] expected: Vec<(f64, f64, f64, f64)>) {
    let boxes = items(Some(text), None, None, None).unwrap().boxes.unwrap();
    let boxes: Vec<_> = boxes.iter().map(|b| (b.west, b.south, b.east, b.north)).collect();
    assert_eq!(boxes, expected);
}

#[rstest]
#[case::three("1,2,3")]
#[case::five("1,2,3,4,5")]
#[case::empty("")]
#[case::words("a,b,c,d")]
#[case::south_above_north("139,38,140,37")]
#[case::beyond_the_pole("139,37,140,91")]
#[case::beyond_the_date_line("139,37,181,38")]
#[case::beyond_the_date_line_westwards("-181,37,140,38")]
#[case::not_finite("NaN,37,140,38")]
#[case::infinite("139,37,inf,38")]
#[case::heights_upside_down("139,37,9,140,38,1")]
fn what_is_no_box_is_refused(#[case] text: &str) {
    assert_eq!(items(Some(text), None, None, None).unwrap_err().code(), Code::MalformedRequest);
}

#[rstest]
#[case("2026-11-22T03:04:05Z", time("2026-11-22T03:04:05Z"), time("2026-11-22T03:04:05Z"))]
#[case("2026-11-22t03:04:05.250z", time("2026-11-22T03:04:05.250Z"), time("2026-11-22T03:04:05.250Z"))]
#[case("2026-11-22T12:04:05+09:00/..", time("2026-11-22T03:04:05Z"), None)]
#[case("2026-11-22T03:04:05Z/", time("2026-11-22T03:04:05Z"), None)]
#[case("../2026-11-22T03:04:05Z", None, time("2026-11-22T03:04:05Z"))]
#[case("/2026-11-22T03:04:05Z", None, time("2026-11-22T03:04:05Z"))]
#[case("2026-11-21T00:00:00Z/2026-11-22T00:00:00Z", time("2026-11-21T00:00:00Z"), time("2026-11-22T00:00:00Z"))]
fn a_time_or_a_span_is_read(#[case] text: &str, #[case] from: Option<Timestamp>, #[case] to: Option<Timestamp>) {
    let wanted = items(None, Some(text), None, None).unwrap();
    assert_eq!((wanted.from, wanted.to), (from, to));
}

#[rstest]
#[case::empty("")]
#[case::open_at_both_ends("../..")]
#[case::a_slash_alone("/")]
#[case::a_date_alone("2026-11-22")]
#[case::no_zone("2026-11-22T03:04:05")]
#[case::a_space_where_the_plus_was("2026-11-22T12:04:05 09:00")]
#[case::no_such_day("2026-02-30T00:00:00Z")]
#[case::basic_form("20261122T030405Z")]
#[case::a_zone_name("2026-11-22T03:04:05Z[Asia/Tokyo]")]
#[case::three_times("2026-11-22T03:04:05Z/2026-11-23T03:04:05Z/2026-11-24T03:04:05Z")]
#[case::backwards("2026-11-23T00:00:00Z/2026-11-22T00:00:00Z")]
#[case::words("yesterday")]
fn what_is_no_time_is_refused(#[case] text: &str) {
    assert_eq!(items(None, Some(text), None, None).unwrap_err().code(), Code::MalformedRequest);
}

#[rstest]
#[case(None, LIMIT)]
#[case(Some("1"), 1)]
#[case(Some("10000"), MOST)]
#[case::more_than_the_most_is_the_most(Some("10001"), MOST)]
#[case::however_much(Some("99999999999999999999999999"), MOST)]
fn a_limit_is_read(#[case] text: Option<&str>, #[case] expected: usize) {
    assert_eq!(items(None, None, text, None).unwrap().limit, expected);
}

#[rstest]
#[case("0")]
#[case("-1")]
#[case("+1")]
#[case("1.5")]
#[case("")]
#[case("many")]
fn what_is_no_limit_is_refused(#[case] text: &str) {
    assert_eq!(items(None, None, Some(text), None).unwrap_err().code(), Code::MalformedRequest);
}

#[test]
fn a_cursor_comes_back_as_the_key_that_it_was_made_of_and_nothing_else_is_one() {
    let key = (Hlc(0x0123_4567_89ab_cdef), Uuid::from_u128(7));
    let wanted = items(None, None, None, Some(&cursor::text(key))).unwrap();
    assert_eq!(wanted.after().unwrap(), Some(key));
    let long = "0".repeat(49);
    let dashed = format!("{:016x}{}", 1, Uuid::nil());
    for bad in ["", "1", "会津会津会津会津会津会津会津会津", &long, &dashed, &"g".repeat(48)] {
        let wanted = items(None, None, None, Some(bad)).unwrap();
        assert_eq!(wanted.after().unwrap_err().code(), Code::MalformedRequest, "{bad}");
    }
}

#[test]
fn for_ever_is_written_as_the_last_day_that_four_digits_can_name() {
    for text in ["2026-01-01T00:00:00Z/9999-12-31T23:59:59Z", "2026-01-01T00:00:00Z/9999-12-31T23:59:59.999+00:00"] {
        assert_eq!(items(None, Some(text), None, None).unwrap().to, Some(Timestamp::MAX), "{text}");
    }
    for text in ["9999-12-32T00:00:00Z", "9999-12-31T25:00:00Z", "9999-13-31T00:00:00Z", "9999-12-3"] {
        assert!(items(None, Some(text), None, None).is_err(), "{text}");
    }
}

#[test]
fn links_keep_the_question() {
    let wanted = items(Some("139,37, 140,38"), Some("2026-11-22T12:00:00+09:00/.."), Some("5"), Some("ab")).unwrap();
    let links = wanted.links(Some("next&one"));
    let question = "bbox=139,37,%20140,38&datetime=2026-11-22T12:00:00%2B09:00/..&limit=5";
    let items = "http://h/ogc/collections/incidents/items";
    let hrefs: Vec<_> = links.iter().map(|link| (link.rel.as_str(), link.href.clone())).collect();
    assert_eq!(hrefs[0], ("self", format!("{items}?{question}&cursor=ab")));
    assert_eq!(hrefs[1], ("collection", "http://h/ogc/collections/incidents".to_owned()));
    assert_eq!(hrefs[2], ("next", format!("{items}?{question}&cursor=next%26one")));
    assert_eq!(wanted.links(None).len(), 2);
}

#[rstest]
#[case::nothing(None, None, Some(GEOJSON))]
#[case::anything(Some("*/*"), None, Some(GEOJSON))]
#[case::what_gdal_says(Some("application/geo+json, application/json"), None, Some(GEOJSON))]
#[case::what_a_browser_says(Some("text/html,application/xhtml+xml,*/*;q=0.8"), None, Some(GEOJSON))]
#[case::json_alone(Some("Application/JSON"), None, Some(JSON))]
#[case::with_a_parameter(Some("application/json;charset=utf-8"), None, Some(JSON))]
#[case::refused(Some("application/geo+json;q=0, application/json;q=0.5"), None, Some(JSON))]
#[case::html_alone(Some("text/html"), None, None)]
#[case::the_parameter_goes_before(Some("text/html"), Some("json"), Some(GEOJSON))]
fn the_media_type_is_agreed_on(
    #[case] accept: Option<&'static str>,
    #[case] f: Option<&str>,
    #[case] expected: Option<&'static str>,
) {
    let headers = accept.map(|accept| (header::ACCEPT, HeaderValue::from_static(accept)));
    let chosen = media_type(&HeaderMap::from_iter(headers), f, &[GEOJSON, JSON]);
    assert_eq!(chosen.map_err(|error| error.code()), expected.ok_or(Code::NotAcceptable));
}

#[test]
fn another_format_is_refused() {
    let code = media_type(&HeaderMap::new(), Some("html"), &[JSON]).unwrap_err().code();
    assert_eq!(code, Code::MalformedRequest);
}
