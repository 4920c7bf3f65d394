//! A line that moves while the command works, if somebody is looking.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows `message` until `work` is done. Nothing is shown if stderr is not a terminal.
pub(super) async fn during<T>(message: String, work: impl Future<Output = T>) -> T {
    let line = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is well-formed"))
        .with_message(message);
    line.enable_steady_tick(Duration::from_millis(100));
    let done = work.await;
    line.finish_and_clear();
    done
}
