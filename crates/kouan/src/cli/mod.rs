//! The command line. Human output by default, one JSON value per line with `--json`; exit codes
//! 0 ok, 1 findings, 2 could not run.

mod bench;
mod evidence;
mod installation;
mod law;
mod messages;
mod output;
mod signing;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{Failure, demo};
pub use bench::{BenchEngine, BenchIntake, BenchProfile, BenchSignature};
pub use output::Verdict;
pub(crate) use output::{bar as progress_bar, json as json_line, line};

/// Kouan 口岸: the online comprehensive service platform of a cross-border e-commerce pilot zone.
#[derive(Parser)]
#[command(name = "kouan", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Runs the command that the process was called with.
pub fn run() -> ExitCode {
    std::panic::set_hook(Box::new(tell_where));
    match dispatch(Cli::parse().command) {
        Ok(Verdict::Clean) => ExitCode::SUCCESS,
        Ok(Verdict::Findings) => ExitCode::from(1),
        Ok(Verdict::Unreadable) => ExitCode::from(2),
        Err(failure) => {
            eprintln!("kouan: {failure}");
            ExitCode::from(2)
        }
    }
}

/// A panic is a bug: says where, not what, because the message may quote somebody's data.
fn tell_where(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
    let thread = std::thread::current();
    eprintln!("kouan: a bug{place}, thread {}", thread.name().unwrap_or("without a name"));
}

fn dispatch(command: Command) -> Result<Verdict, Failure> {
    match command {
        Command::Check(args) => messages::check(&args),
        Command::Verify(args) => signing::verify(&args),
        Command::Sign(args) => signing::sign(&args),
        Command::Keygen(args) => signing::keygen(&args),
        Command::Fields(args) => messages::fields(&args),
        Command::Submit(args) => messages::submit(&args),
        Command::Resend(args) => messages::resend(&args),
        Command::Rules(Rules::Show(args)) => law::show(&args),
        Command::Tariff(Tariff::Import(args)) => law::import(&args),
        Command::Tax(Tax::Quote(args)) => law::quote(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Bench(bench::Bench::Intake(args)) => crate::bench::intake(&args),
        Command::Serve(args) => installation::serve(&args),
        Command::Migrate(args) => installation::migrate(&args),
        Command::Backup(args) => installation::backup(&args),
        Command::Restore(args) => installation::restore(&args),
        Command::Doctor(args) => installation::doctor(&args),
        Command::Evidence(command) => evidence::run(&command),
        Command::Key(Key::Create(args)) => installation::create_key(&args),
        Command::Openapi => installation::openapi(),
        Command::Permissions => installation::permissions(),
        Command::Schema => installation::schema(),
        Command::Standin(Standin::Scenarios) => {
            output::line(gateway::standin::scenario::markdown());
            Ok(Verdict::Clean)
        }
    }
}

#[derive(Subcommand)]
enum Command {
    /// Plays a simulated day of imports on the embedded database and stays up
    Demo(Demo),
    /// Measures speed, against yardsticks in the same run
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Serves the HTTP door, the folder door and the workers
    Serve(Installation),
    /// Checks messages: structure by the official schema, then codes, arithmetic, business rules
    Check(Files),
    /// Verifies the signatures of messages
    Verify(Files),
    /// Signs a message
    Sign(Sign),
    /// Makes a test key and its self-signed certificate
    Keygen(Keygen),
    /// Prints the field table of a message type, such as CEB621, or the list of types
    Fields(Fields),
    /// Import comprehensive tax
    #[command(subcommand)]
    Tax(Tax),
    /// Sends messages to a running server
    Submit(Submit),
    /// Has a running server send a document once more that customs took and never answered
    Resend(Resend),
    /// The law by date
    #[command(subcommand)]
    Rules(Rules),
    /// The tariff
    #[command(subcommand)]
    Tariff(Tariff),
    /// The evidence log: what was taken in and decided, provably unchanged
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Keys for the HTTP door
    #[command(subcommand)]
    Key(Key),
    /// Brings the database to this program's version
    Migrate(Installation),
    /// Copies the database while it is in use
    Backup(Backup),
    /// Brings a backup back
    Restore(Restore),
    /// Looks an installation over and says what is wrong
    Doctor(Installation),
    /// The customs stand-in
    #[command(subcommand)]
    Standin(Standin),
    /// Prints the API document (OpenAPI 3.1)
    Openapi,
    /// Prints which scope each route asks for
    Permissions,
    /// Prints the database schema
    Schema,
}

/// Files to look at.
#[derive(Args)]
struct Files {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Message files: XML or DXP envelopes
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What `sign` needs.
#[derive(Args)]
struct Sign {
    /// Private key (PEM)
    #[arg(long)]
    key: PathBuf,
    /// Certificate (PEM)
    #[arg(long)]
    cert: PathBuf,
    /// Where the signed message goes; standard output when absent
    #[arg(long)]
    out: Option<PathBuf>,
    /// The message to sign
    file: PathBuf,
}

/// Signature algorithms a key can be made for.
#[derive(Clone, Copy, ValueEnum)]
enum KeyAlgorithm {
    /// SM2 with SM3 国密
    Sm2,
    /// RSA-2048
    Rsa,
}

/// What `keygen` needs.
#[derive(Args)]
struct Keygen {
    /// Algorithm of the key
    #[arg(long, value_enum, default_value = "sm2")]
    algorithm: KeyAlgorithm,
    /// Common name in the certificate: the enterprise's name
    #[arg(long, default_value = "Kouan test key")]
    subject: String,
    /// Days the certificate is valid from today
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// Where to write: `PREFIX.key.pem` and `PREFIX.cert.pem`
    #[arg(long, value_name = "PREFIX")]
    out: PathBuf,
}

/// How a field table is printed.
#[derive(Clone, Copy, ValueEnum)]
enum FieldFormat {
    /// Aligned columns
    Text,
    /// A Markdown table
    Markdown,
    /// A page
    Html,
    /// JSON Schema of the JSON form
    JsonSchema,
}

/// What `fields` needs.
#[derive(Args)]
struct Fields {
    /// Message type, such as CEB621; the list of types when absent
    kind: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: FieldFormat,
}

#[derive(Subcommand)]
enum Tax {
    /// Quotes the tax of a retail import: a JSON request from a file or standard input
    Quote(Quote),
}

/// What `tax quote` needs.
#[derive(Args)]
struct Quote {
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// The request; standard input when absent or `-`
    file: Option<PathBuf>,
    /// A folder whose rules and tariff take the place of the built-in ones
    #[arg(long, env = "KOUAN_RULES")]
    rules: Option<PathBuf>,
}

/// What `submit` needs.
#[derive(Args)]
struct Submit {
    /// Address of the server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "KOUAN_SERVER")]
    to: String,
    /// Key for the HTTP door
    #[arg(long, env = "KOUAN_KEY", hide_env_values = true)]
    key: String,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Messages: XML or DXP envelopes
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What `resend` needs.
#[derive(Args)]
struct Resend {
    /// Address of the server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "KOUAN_SERVER")]
    to: String,
    /// The operator's key for the HTTP door
    #[arg(long, env = "KOUAN_KEY", hide_env_values = true)]
    key: String,
    /// Why, for the audit trail
    #[arg(long)]
    reason: String,
    /// Ids of documents, such as doc_0dzq3k1v00000
    #[arg(required = true)]
    documents: Vec<String>,
}

#[derive(Subcommand)]
enum Rules {
    /// Prints the rulings in force on a day, with source and how sure we are
    Show(RulesShow),
}

/// What `rules show` needs.
#[derive(Args)]
struct RulesShow {
    /// The day, yyyy-MM-dd; today when absent
    #[arg(long)]
    on: Option<String>,
    /// Only rulings whose id starts with this
    prefix: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// A folder whose rules take the place of the built-in ones
    #[arg(long, env = "KOUAN_RULES")]
    rules: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Tariff {
    /// Loads a full tariff from CSV or XLSX into a rules folder
    Import(TariffImport),
}

/// What `tariff import` needs.
#[derive(Args)]
struct TariffImport {
    /// The rules folder of the installation
    #[arg(long, env = "KOUAN_RULES")]
    rules: PathBuf,
    /// The tariff: CSV or XLSX
    file: PathBuf,
}

#[derive(Subcommand)]
enum Key {
    /// Makes a key; it is shown once
    Create(KeyCreate),
}

/// Who a key is for.
#[derive(Args)]
struct KeyCreate {
    #[command(flatten)]
    installation: Installation,
    /// Code of the party; an operator's key when absent
    #[arg(long)]
    party: Option<String>,
    /// What it is for, shown in lists
    #[arg(long, default_value = "command line")]
    label: String,
}

#[derive(Subcommand)]
enum Standin {
    /// Prints the table of scenarios: which order-number prefix brings which outcome
    Scenarios,
}

/// Where an installation is and how it is set up. Flags win over the environment, the environment
/// over the file, the file over the defaults.
#[derive(Args, Clone, Default)]
pub struct Installation {
    /// Configuration file (TOML)
    #[arg(long, env = "KOUAN_CONFIG")]
    pub config: Option<PathBuf>,
    /// A file for the embedded database, or `postgres://…`
    #[arg(long, env = "KOUAN_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// File with the master key
    #[arg(long, env = "KOUAN_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, env = "KOUAN_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Pilot zone: `zibo`, `rizhao` or a zone file
    #[arg(long, env = "KOUAN_ZONE")]
    pub zone: Option<String>,
    /// A folder whose rules take the place of the built-in ones
    #[arg(long, env = "KOUAN_RULES")]
    pub rules: Option<PathBuf>,
    /// One more folder door, the operator's own
    #[arg(long, env = "KOUAN_FOLDER")]
    pub folder: Option<PathBuf>,
    /// Address that takes DXP envelopes; the built-in stand-in when absent
    #[arg(long, env = "KOUAN_CUSTOMS")]
    pub customs: Option<String>,
}

/// What `demo` needs.
#[derive(Args)]
pub struct Demo {
    /// Parcels of the day, each with order, payment, waybill and inventory
    #[arg(long, default_value_t = 20_000)]
    pub declarations: u32,
    /// The day is the same for the same seed
    #[arg(long, default_value_t = 20_261_111)]
    pub seed: u64,
    /// Pilot zone
    #[arg(long, default_value = "zibo")]
    pub zone: String,
    /// Folder for the data; a new temporary one when absent
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// `postgres://…` instead of the embedded database
    #[arg(long, env = "KOUAN_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Leave when the day is over instead of staying up
    #[arg(long)]
    pub exit: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What `backup` needs.
#[derive(Args)]
struct Backup {
    #[command(flatten)]
    installation: Installation,
    /// The file to write
    out: PathBuf,
}

/// What `restore` needs.
#[derive(Args)]
struct Restore {
    #[command(flatten)]
    installation: Installation,
    /// Replace a database that is already there
    #[arg(long)]
    overwrite: bool,
    /// The backup to bring back
    from: PathBuf,
}

/// Logs go to standard error; `RUST_LOG` chooses how much, `otherwise` when it is not set.
pub(crate) fn log_to_stderr(otherwise: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(otherwise));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr);
    // A second call, as tests make, keeps the first subscriber.
    let _ = subscriber.try_init();
}
