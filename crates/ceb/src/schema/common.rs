//! The blocks that every message we send carries beside its documents.

use crate::schema::table::*;

records! {
    /// Transmission 基础报文传输实体.
    BASE_TRANSFER base_transfer "BaseTransfer" "基础报文传输实体" "transmission" {
        COP_CODE R some(18);
        COP_NAME R up_to(100);
        DXP_MODE R exactly(3);
        DXP_ID R up_to(30);
        NOTE O up_to(1000);
    }
    /// The same block as export messages carry it 基础报文传输实体.
    EXPORT_TRANSFER export_transfer "BaseTransfer" "基础报文传输实体" "transmission" {
        COP_CODE R up_to(18);
        COP_NAME R up_to(100);
        DXP_MODE R exactly(3);
        DXP_ID R up_to(30);
        NOTE O up_to(1000);
    }
    /// Receipt subscription 基础回执订阅实体.
    BASE_SUBSCRIBE base_subscribe "BaseSubscribe" "基础回执订阅实体" "receipt subscription" {
        SUBSCRIPTION R up_to(100);
        DXP_MODE R exactly(3);
        DXP_ADDRESS R up_to(100);
        NOTE O up_to(1000);
    }
    /// Extension 扩展自定义数据实体.
    EXTEND_MESSAGE extend_message "ExtendMessage" "扩展自定义数据实体" "extension" {
        EXTENSION_NAME R up_to(30);
        EXTENSION_VERSION R up_to(30);
    }
}
