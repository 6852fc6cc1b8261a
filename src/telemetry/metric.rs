//! Declaration of metric families, once for both the registry and `docs/metrics.md`.

use std::time::Duration;

use jiff::SignedDuration;
use prometheus::core::Collector;
use prometheus::proto::LabelPair;
use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
};

/// Prefix of all metric names.
pub const PREFIX: &str = "obbackup";

/// Documentation of a family of metrics.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Name without the prefix.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Names of the labels.
    pub labels: &'static [&'static str],
    /// Help text.
    pub help: &'static str,
}

impl Family {
    /// Returns the name with the prefix.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{PREFIX}_{}", self.name)
    }
}

/// Families that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Title of the group.
    pub title: &'static str,
    /// Remarks that apply to all families.
    pub about: &'static str,
    /// Families of the group.
    pub families: &'static [Family],
}

/// Group of families in use.
pub(super) trait Families: Sized {
    const GROUP: Group;

    /// Creates and registers the families.
    ///
    /// # Errors
    /// Returns an error if two families have the same name, which is a bug.
    fn register(registry: &Registry) -> Result<Self, prometheus::Error>;

    /// Removes all values.
    fn reset(&self);
}

/// Declares a group as a struct with one field per family.
macro_rules! families {
    (
        $(#[$doc:meta])*
        $group:ident: $title:literal, $about:literal;
        $($field:ident: $kind:ty = $name:literal [$($label:literal),*] $help:literal;)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $group {
            $(#[doc = $help] pub $field: $kind,)*
        }

        impl $crate::telemetry::metric::Families for $group {
            const GROUP: $crate::telemetry::metric::Group = $crate::telemetry::metric::Group {
                title: $title,
                about: $about,
                families: &[$($crate::telemetry::metric::Family {
                    name: $name,
                    kind: <$kind as $crate::telemetry::metric::Instrument>::KIND,
                    labels: &[$($label),*],
                    help: $help,
                }),*],
            };

            fn register(registry: &prometheus::Registry) -> Result<Self, prometheus::Error> {
                let mut families = Self::GROUP.families.iter();
                Ok(Self {
                    $($field: $crate::telemetry::metric::registered(registry, families.next())?,)*
                })
            }

            fn reset(&self) {
                $($crate::telemetry::metric::Instrument::reset(&self.$field);)*
            }
        }
    };
}
pub(super) use families;

/// Type that holds the values of one family.
pub(super) trait Instrument: Sized {
    const KIND: &'static str;

    fn new(family: &Family) -> Result<Self, prometheus::Error>;

    fn collector(&self) -> Box<dyn Collector>;

    fn reset(&self);
}

/// Creates and registers one family.
pub(super) fn registered<I: Instrument>(
    registry: &Registry,
    family: Option<&Family>,
) -> Result<I, prometheus::Error> {
    let missing = || prometheus::Error::Msg("a metric family has no declaration".to_owned());
    let instrument = I::new(family.ok_or_else(missing)?)?;
    registry.register(instrument.collector())?;
    Ok(instrument)
}

macro_rules! instrument {
    ($type:ident, $kind:literal, $family:ident => $created:expr) => {
        impl<const LABELS: usize> Instrument for $type<LABELS> {
            const KIND: &'static str = $kind;

            fn new($family: &Family) -> Result<Self, prometheus::Error> {
                Ok(Self($created))
            }

            fn collector(&self) -> Box<dyn Collector> {
                Box::new(self.0.clone())
            }

            fn reset(&self) {
                self.0.reset();
            }
        }
    };
}

/// Counter with a fixed number of labels.
#[derive(Clone, Debug)]
pub struct Count<const LABELS: usize>(IntCounterVec);

instrument!(Count, "counter", family => {
    IntCounterVec::new(Opts::new(family.name, family.help), family.labels)?
});

impl<const LABELS: usize> Count<LABELS> {
    /// Adds one.
    pub fn add_one(&self, labels: [&str; LABELS]) {
        self.0.with_label_values(&labels).inc();
    }

    /// Adds `more`. With 0, the series starts at 0, so that a rule notices its first step.
    pub fn add(&self, labels: [&str; LABELS], more: u64) {
        self.0.with_label_values(&labels).inc_by(more);
    }

    /// Removes the series of objects that no longer exist: those for whose labels, in their order,
    /// `is_there` returns false.
    pub fn retain(&self, names: [&str; LABELS], is_there: impl Fn([&str; LABELS]) -> bool) {
        for family in self.0.collect() {
            for metric in family.get_metric() {
                let value = |name: &str| {
                    let mut labels = metric.get_label().iter();
                    let label = labels.find(|label| label.name() == name);
                    label.map(LabelPair::value).unwrap_or_default()
                };
                let labels = names.map(value);
                if !is_there(labels) {
                    // An error means that the series is already gone.
                    let _ = self.0.remove_label_values(&labels);
                }
            }
        }
    }
}

/// Whole number that can increase and decrease.
#[derive(Clone, Debug)]
pub struct Gauge<const LABELS: usize>(IntGaugeVec);

instrument!(Gauge, "gauge", family => {
    IntGaugeVec::new(Opts::new(family.name, family.help), family.labels)?
});

impl<const LABELS: usize> Gauge<LABELS> {
    /// Sets the value.
    pub fn set(&self, labels: [&str; LABELS], value: impl Into<i64>) {
        self.0.with_label_values(&labels).set(value.into());
    }

    /// Sets the value if it is known.
    pub fn set_known(&self, labels: [&str; LABELS], value: Option<impl Into<i64>>) {
        if let Some(value) = value {
            self.set(labels, value);
        }
    }

    /// Adds `more`.
    pub fn add(&self, labels: [&str; LABELS], more: i64) {
        self.0.with_label_values(&labels).add(more);
    }
}

/// Ratio from 0 to 1.
#[derive(Clone, Debug)]
pub struct Ratio<const LABELS: usize>(GaugeVec);

instrument!(Ratio, "gauge", family => {
    GaugeVec::new(Opts::new(family.name, family.help), family.labels)?
});

impl<const LABELS: usize> Ratio<LABELS> {
    /// Sets the ratio from a percentage.
    pub fn set_percent(&self, labels: [&str; LABELS], percent: u8) {
        self.0
            .with_label_values(&labels)
            .set(f64::from(percent) / 100.0);
    }
}

/// Histogram for durations from milliseconds to a minute.
#[derive(Clone, Debug)]
pub struct Timing<const LABELS: usize>(HistogramVec);

instrument!(Timing, "histogram", family => {
    histograms(family, &[0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0])?
});

impl<const LABELS: usize> Timing<LABELS> {
    /// Records a duration.
    pub fn took(&self, labels: [&str; LABELS], time: Duration) {
        self.0
            .with_label_values(&labels)
            .observe(time.as_secs_f64());
    }
}

/// Histogram for durations from minutes to a day.
#[derive(Clone, Debug)]
pub struct LongTiming<const LABELS: usize>(HistogramVec);

instrument!(LongTiming, "histogram", family => {
    let minutes = [1.0, 5.0, 15.0, 60.0, 180.0, 360.0, 720.0, 1440.0];
    histograms(family, &minutes.map(|minutes| minutes * 60.0))?
});

impl<const LABELS: usize> LongTiming<LABELS> {
    /// Records a duration.
    pub fn took(&self, labels: [&str; LABELS], time: SignedDuration) {
        self.0
            .with_label_values(&labels)
            .observe(time.as_secs_f64());
    }
}

fn histograms(family: &Family, buckets: &[f64]) -> Result<HistogramVec, prometheus::Error> {
    let options = HistogramOpts::new(family.name, family.help).buckets(buckets.to_vec());
    HistogramVec::new(options, family.labels)
}
