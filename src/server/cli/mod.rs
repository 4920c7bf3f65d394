//! The `kalam` command: arguments, what they start, and how they fail.
//!
//! A failure is one line on stderr and an exit code that a script can tell apart ([`Exit`]).

mod client;
mod dev;
mod failure;
mod progress;
mod serve;
mod start;
mod tenant;
mod token;
mod whereabouts;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(test)]
pub(super) use client::{encrypt, pinned};
pub use failure::{Exit, Failure};

use crate::session::Role;

/// KalamDB: a PostgreSQL-compatible database for conversations.
#[derive(Debug, Parser)]
#[command(name = "kalam", version, after_help = failure::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a server to try things out: makes the data directory, a certificate, a key and the tenant
    /// `demo`, and prints a line to connect with
    Dev(Dev),
    /// Start a server with the settings of a file
    Serve(Serve),
    /// Print a token: the password of a user for one tenant. Works beside a running server
    Token(Token),
    /// List, create or drop tenants, on a stopped data directory or through the server that runs on it
    #[command(subcommand)]
    Tenant(Tenant),
}

#[derive(Debug, Args)]
struct Dev {
    /// The data directory; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Address or name, and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:5432", value_parser = crate::config::parse_address)]
    listen: SocketAddr,
    /// `off` is refused unless the address is loopback
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Encryption::Require)]
    tls: Encryption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Encryption {
    /// Every connection is encrypted
    Require,
    /// No connection is encrypted
    Off,
}

#[derive(Debug, Args)]
struct Serve {
    /// The settings file; kalam.toml in the sources explains every setting
    #[arg(long, value_name = "FILE", default_value = "kalam.toml")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct Token {
    /// The data directory whose key signs the token
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// The tenant (database) the token is for
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// The user the token is for: what current_user says, and the user to connect as
    #[arg(long, value_name = "NAME")]
    user: String,
    /// What the user may do
    #[arg(long, value_enum, default_value_t = RoleName::Member)]
    role: RoleName,
    /// How long the token is good: a number and s, m, h or d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = token::parse_ttl)]
    ttl: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// Everything in the tenant: defines tables, changes rows
    Owner,
    /// Reads and changes rows
    Member,
    /// Reads rows
    Reader,
    /// Makes and drops tenants, connected to the tenant `kalam`
    Operator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Member => Self::Member,
            RoleName::Reader => Self::Reader,
            RoleName::Operator => Self::Operator,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Tenant {
    /// Print the names of all tenants, one a line
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Make a tenant
    Create {
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Erase a tenant and everything in it
    Drop {
        name: String,
        /// No error if there is no such tenant
        #[arg(long)]
        if_exists: bool,
        /// End the sessions that are connected to it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
struct Place {
    /// The data directory
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
}

/// Does what the arguments say.
pub fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Dev(arguments) => dev::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Tenant(arguments) => tenant::run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("kalam: {}", failure.message);
            ExitCode::from(failure.exit as u8)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_forms_of_the_manual_are_read() {
        for line in [
            "kalam dev",
            "kalam dev --data-dir d --listen 127.0.0.1:0 --tls off",
            "kalam dev --listen localhost:5432",
            "kalam serve --config kalam.toml",
            "kalam token --data-dir d --tenant t --user u",
            "kalam token --data-dir d --tenant t --user u --role operator --ttl 1h",
            "kalam tenant list --data-dir d",
            "kalam tenant create acme",
            "kalam tenant drop acme --if-exists --force",
        ] {
            assert!(Arguments::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in
            ["kalam", "kalam token --tenant t", "kalam dev --tls maybe", "kalam token --tenant t --user u --ttl 1"]
        {
            assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
