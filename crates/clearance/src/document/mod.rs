//! The documents of one parcel as facts: what matching, pre-check and display need, and no
//! personal data in clear.

pub mod canonical;
pub mod facts;
pub mod guid;
pub(crate) mod pack;
pub mod read;
pub mod types;

pub use facts::{Facts, Key};
pub use types::{
    Act, Buyer, CancelApplication, Consignee, DocumentId, Door, Head, Inventory, InventoryLine,
    Kind, MessageId, Order, OrderLine, Payment, Veiled, Warehousing, Waybill, WaybillStatus,
};
