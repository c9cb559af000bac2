//! The documents of one parcel as facts: what matching, pre-check and display need, and no
//! personal data in clear.

pub mod canonical;
pub mod export;
mod export_pack;
mod export_read;
pub mod facts;
pub mod guid;
pub mod kind;
pub(crate) mod pack;
pub mod read;
pub mod types;

pub use export::{Collective, CollectiveLine, ExportTerms, FundsReceipt};
pub use facts::{Facts, Key};
pub use kind::{Direction, Kind};
pub use types::{
    Act, Buyer, CancelApplication, Consignee, DocumentId, Door, Head, Inventory, InventoryLine,
    MessageId, Order, OrderLine, Payment, Veiled, Warehousing, Waybill, WaybillStatus,
};
