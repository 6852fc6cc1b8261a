//! Each release behaves as the operator assumes.

use std::process::ExitCode;

use super::{World, bad, scenario};

/// Runs the suite on a release.
async fn run_on(version: &str) {
    let world = World::serve(&scenario(version)).await;
    let report = world.run().await;
    assert_eq!(bad(&report), Vec::<String>::new(), "{version}");
    assert_eq!(report.exit_code(), ExitCode::SUCCESS);
    world.assert_nothing_is_left();
}

macro_rules! releases {
    ($($test:ident $version:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                run_on($version).await;
            }
        )*
    };
}

releases! {
    v4_0_0 "4.0.0.0",
    v4_1_0 "4.1.0.0",
    v4_2_0 "4.2.0.0",
    v4_2_1_0 "4.2.1.0",
    v4_2_1_8 "4.2.1.8",
    v4_2_5 "4.2.5.0",
    v4_3_0 "4.3.0.0",
    v4_3_3 "4.3.3.0",
    v4_3_5_2 "4.3.5.2",
    v4_4_2 "4.4.2.0",
}
