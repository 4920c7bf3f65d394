//! psql, run on a script or held open as a person holds it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use super::{DEADLINE, find_program};

/// What a psql run printed.
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    pub success: bool,
}

/// Runs `script` on a new psql with `options` (such as `-At`), stopping at the first error.
pub fn run(url: &str, options: &[&str], script: &str) -> Run {
    let mut command = command(url);
    command.args(options).args(["-v", "ON_ERROR_STOP=1", "-f", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let script = script.to_owned();
    let writer = std::thread::spawn(move || {
        // psql may end before it has read everything, at the first error.
        let _ = stdin.write_all(script.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        success: output.status.success(),
    }
}

/// Runs a script that must succeed; unaligned tuples without headers.
pub fn tuples(url: &str, script: &str) -> String {
    let run = run(url, &["-At"], script);
    assert!(run.success, "psql failed:\n{}\n{}", run.stdout, run.stderr);
    run.stdout.trim_end().to_owned()
}

/// A psql that stays open: lines go in, lines come out.
pub struct Session {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Session {
    pub fn open(url: &str) -> Self {
        let mut command = command(url);
        let mut child = command
            .args(["-At", "-q"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            while stdout.read_line(&mut line).is_ok_and(|read| read > 0) {
                if sender.send(line.trim_end().to_owned()).is_err() {
                    break;
                }
                line.clear();
            }
        });
        Self { child, stdin, lines }
    }

    pub fn send(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
        self.stdin.flush().unwrap();
    }

    /// The next line that contains `text`, within the deadline.
    pub fn expect(&mut self, text: &str) -> String {
        let start = Instant::now();
        let mut seen = Vec::new();
        while let Some(left) = DEADLINE.checked_sub(start.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(_) => break,
            }
        }
        panic!("psql never printed {text:?}; it printed {seen:#?}");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(url: &str) -> Command {
    let psql = find_program("psql").expect("psql is missing: run `make setup`");
    let mut command = Command::new(psql);
    // -X: nobody's .psqlrc; the C locale: error words in English; UTC: the same times everywhere.
    command.arg("-X").arg(url).env("LC_ALL", "C.UTF-8").env("PGTZ", "UTC").env("PGCONNECT_TIMEOUT", "30");
    command.env_remove("PGPASSWORD").env("PAGER", "").env("PSQL_PAGER", "");
    command
}
