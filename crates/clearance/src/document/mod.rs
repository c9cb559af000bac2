//! The documents of one parcel as facts: what matching, pre-check and display need, and no
//! personal data in clear.

pub(crate) mod pack;
pub mod types;

pub use types::{
    Buyer, CancelApplication, Consignee, Door, Head, Inventory, InventoryLine, Kind, Order,
    OrderLine, Payment, Veiled, Warehousing, Waybill, WaybillStatus,
};
