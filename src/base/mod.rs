//! Floor 0: what every other floor may use, and what knows nothing of databases.

pub mod clock;
pub mod ids;
pub mod limits;
pub mod numeric;
pub mod random;
pub mod shutdown;
