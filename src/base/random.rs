//! Randomness from the operating system, and the UUIDs made from it.

use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};
use uuid::{ContextV7, Timestamp, Uuid};

/// Makes identifiers. UUIDv7 values of one generator are strictly increasing, also within one millisecond.
#[derive(Debug)]
pub struct Random {
    system: SystemRandom,
    v7: Mutex<ContextV7>,
}

impl Default for Random {
    fn default() -> Self {
        Self { system: SystemRandom::new(), v7: Mutex::new(ContextV7::new().with_additional_precision()) }
    }
}

impl Random {
    /// Fills `bytes` from the operating system's generator.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.system.fill(bytes).expect("the operating system's random generator answers");
    }

    /// A random (version 4) UUID.
    pub fn uuid_v4(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A time-ordered (version 7) UUID for the moment `now_us` (microseconds since the Unix epoch).
    pub fn uuid_v7(&self, now_us: i64) -> Uuid {
        let seconds = u64::try_from(now_us.div_euclid(1_000_000)).unwrap_or(0);
        let nanos = u32::try_from(now_us.rem_euclid(1_000_000)).unwrap_or(0) * 1000;
        let context = self.v7.lock();
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, nanos))
    }
}
