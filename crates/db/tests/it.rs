//! The database room, on every engine there is.

#[cfg(test)]
#[path = "it"]
mod it {
    mod archive;
    mod backup;
    mod evidence;
    mod fate;
    mod fault;
    mod job;
    mod kill;
    mod measure;
    mod migrate;
    mod outbox;
    mod record;
    mod run;
    mod server;
    mod statement;
    mod stats;
}
