//! One token that everything long-lived watches.

pub use tokio_util::sync::CancellationToken;
