//! Where the server of a data directory listens: a small file in it, for `kalam tenant` and for people.
//!
//! The file can be left over from a server that was killed. So it is only read when the data directory is
//! locked, and what answers at the address must show the certificate that the file names.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What a running server writes down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Whereabouts {
    pub process: u32,
    pub address: SocketAddr,
    /// SHA-256 of the certificate; `None`: TLS is off.
    pub certificate_sha256: Option<[u8; 32]>,
}

impl Whereabouts {
    /// Reads what the server of a data directory wrote down.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(path(directory))?)?)
    }

    /// Writes it down until the result is dropped.
    pub(super) fn write(&self, directory: &Path) -> io::Result<Written> {
        let path = path(directory);
        let temporary = path.with_extension("json.tmp");
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        serde_json::to_writer(file, self)?;
        fs::rename(&temporary, &path)?;
        Ok(Written(path))
    }

    /// The address to connect to from this machine.
    pub(super) fn reachable(&self) -> SocketAddr {
        reachable(self.address)
    }
}

/// An address that a client on this machine can connect to.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn path(directory: &Path) -> PathBuf {
    directory.join("server.json")
}

/// Removes the file when the server ends.
#[derive(Debug)]
pub(super) struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        // A file that stays is recognised as left over.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_as_long_as_the_server() {
        let directory = tempfile::tempdir().unwrap();
        let address = "0.0.0.0:5432".parse().unwrap();
        let whereabouts = Whereabouts { process: 7, address, certificate_sha256: Some([9; 32]) };
        let written = whereabouts.write(directory.path()).unwrap();
        assert_eq!(Whereabouts::read(directory.path()).unwrap(), whereabouts);
        assert_eq!(whereabouts.reachable(), "127.0.0.1:5432".parse().unwrap());
        drop(written);
        assert!(Whereabouts::read(directory.path()).is_err());
    }
}
