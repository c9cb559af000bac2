//! Waybill, waybill status and warehousing detail, and customs' receipts for them.

use crate::schema::table::*;

records! {
    /// Waybill 运单.
    LOGISTICS_HEAD logistics_head "LogisticsHead" "运单" "waybill" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R some(3);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NAME R some(100);
        LOGISTICS_NO R some(60);
        BILL_NO O up_to(37), "仅直购进口（9610）填写" "direct import (9610) only";
        ORDER_NO R some(60), "与订单一致" "as in the order";
        FREIGHT O amount();
        INSURED_FEE O amount();
        CURRENCY R exactly(3).fixed("142");
        WEIGHT R amount();
        PACK_NO R digits(9), "一单一件，限定为 1" "one parcel a waybill: 1";
        GOODS_INFO O up_to(200);
        CONSIGNEE R some(100);
        CONSIGNEE_ADDRESS R some(200);
        CONSIGNEE_TELEPHONE R some(50);
        NOTE O up_to(1000);
    }
    /// Waybill receipt 运单回执.
    LOGISTICS_RETURN logistics_return "LogisticsReturn" "运单回执" "waybill receipt" {
        GUID R exactly(36);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NO R some(60);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
    /// Waybill status 运单状态.
    LOGISTICS_STATUS logistics_status "LogisticsStatus" "运单状态" "waybill status" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R some(3);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NAME R some(100);
        LOGISTICS_NO R some(60);
        LOGISTICS_STATUS R exactly(1);
        LOGISTICS_TIME R exactly(14);
        NOTE O up_to(1000);
    }
    /// Waybill status receipt 运单状态回执.
    LOGISTICS_STATUS_RETURN logistics_status_return "LogisticsStatusReturn"
        "运单状态回执" "waybill status receipt" {
        GUID R exactly(36);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NO R some(60);
        LOGISTICS_STATUS R exactly(1);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
    /// Warehousing detail head 入库明细单表头.
    DELIVERY_HEAD delivery_head "DeliveryHead" "入库明细单表头" "warehousing detail head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R some(3);
        CUSTOMS_CODE R exactly(4);
        COP_NO O up_to(20);
        PRE_NO O up_to(18);
        RKD_NO O up_to(18);
        OPERATOR_CODE R some(18);
        OPERATOR_NAME R some(100);
        IE_FLAG R exactly(1);
        TRAF_MODE R exactly(1);
        TRAF_NO R some(100);
        VOYAGE_NO R some(32);
        BILL_NO R some(37);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NAME R some(100);
        UNLOAD_LOCATION O up_to(100);
        NOTE O up_to(1000);
    }
    /// Warehousing detail line 入库明细单表体.
    DELIVERY_LIST delivery_list "DeliveryList" "入库明细单表体" "warehousing detail line" {
        GNUM R line();
        LOGISTICS_NO R some(60);
        NOTE O up_to(1000);
    }
    /// Warehousing receipt 入库明细单回执.
    DELIVERY_RETURN delivery_return "DeliveryReturn" "入库明细单回执" "warehousing receipt" {
        GUID R exactly(36);
        CUSTOMS_CODE O exactly(4);
        OPERATOR_CODE O some(18);
        COP_NO O up_to(20);
        PRE_NO O up_to(18);
        RKD_NO O up_to(18);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
}
