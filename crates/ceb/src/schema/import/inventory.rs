//! Import inventory, cancel and return applications, and customs' receipts for them.

use crate::schema::table::*;

records! {
    /// Inventory head 清单表头.
    INVENTORY_HEAD inventory_head "InventoryHead" "清单表头" "inventory head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R some(3), "1 暂存 2 申报（须签名）" "1 draft, 2 declare (needs a signature)";
        ORDER_NO R some(60);
        EBP_CODE R some(18);
        EBP_NAME R some(100);
        EBC_CODE R some(18);
        EBC_NAME R some(100);
        LOGISTICS_NO R some(60);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NAME R some(100);
        COP_NO O up_to(20);
        PRE_NO O up_to(18);
        ASSURE_CODE R some(30);
        EMS_NO O up_to(30), "保税模式必填，出区时核扣" "required in bonded mode; the book is reduced on exit";
        INVT_NO O up_to(18);
        IE_FLAG R exactly(1);
        DECL_TIME R exactly(8);
        CUSTOMS_CODE R exactly(4);
        PORT_CODE R exactly(4);
        IMPORT_DATE O exactly(8);
        BUYER_ID_TYPE R exactly(1);
        BUYER_ID_NUMBER R some(60);
        BUYER_NAME R some(60);
        BUYER_TELEPHONE R some(30);
        CONSIGNEE_ADDRESS R some(200);
        AGENT_CODE R some(18);
        AGENT_NAME R some(100);
        AREA_CODE O up_to(18);
        AREA_NAME O up_to(100);
        TRADE_MODE R exactly(4), "9610 直购进口 1210 保税进口" "9610 direct import, 1210 bonded import";
        TRAF_MODE R exactly(1),
            "9610 填跨境段，1210 填出区段" "9610: the border leg; 1210: the leg out of the zone";
        TRAF_NO O up_to(100), "9610 必填，1210 免填" "required for 9610, empty for 1210";
        VOYAGE_NO O up_to(32), "9610 必填，1210 免填" "required for 9610, empty for 1210";
        BILL_NO O up_to(37), "9610 必填，1210 免填" "required for 9610, empty for 1210";
        LOCT_NO O up_to(10);
        LICENSE_NO O up_to(19);
        DEPARTURE_COUNTRY R exactly(3), "9610 填起运国，1210 填 142" "9610: where it set out; 1210: 142";
        FREIGHT R amount(), "实际收取" "as charged";
        INSURED_FEE R amount(), "实际收取" "as charged";
        CURRENCY R exactly(3).fixed("142");
        WRAP_TYPE O exactly(1);
        PACK_NO R digits(9), "限定为 1" "limited to 1";
        GROSS_WEIGHT R amount();
        NET_WEIGHT R amount();
        NOTE O up_to(1000);
    }
    /// Inventory line 清单表体.
    INVENTORY_LIST inventory_list "InventoryList" "清单表体" "inventory line" {
        GNUM R line(), "与订单表体序号一一对应" "one to one with the order lines";
        ITEM_RECORD_NO O up_to(30), "保税模式必填" "required in bonded mode";
        ITEM_NO O up_to(20);
        ITEM_NAME O up_to(250);
        GCODE R exactly(10);
        GNAME R some(250), "与订单一致" "consistent with the order";
        GMODEL R some(510);
        BAR_CODE O up_to(50);
        ORIGIN R exactly(3);
        TRADE_COUNTRY O some(3);
        CURRENCY R exactly(3).fixed("142");
        QTY R amount();
        UNIT R exactly(3);
        QTY1 R amount();
        UNIT1 R exactly(3);
        QTY2 O amount();
        UNIT2 O exactly(3);
        PRICE R amount();
        TOTAL_PRICE R amount();
        NOTE O up_to(1000);
    }
    /// Inventory receipt 清单回执.
    INVENTORY_RETURN inventory_return "InventoryReturn" "清单回执" "inventory receipt" {
        GUID R exactly(36);
        CUSTOMS_CODE O exactly(4);
        EBP_CODE O some(18);
        EBC_CODE O some(18);
        AGENT_CODE O some(18);
        COP_NO R some(20);
        PRE_NO R exactly(18);
        INVT_NO O exactly(18);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
    /// Cancel application 撤销申请单.
    INVT_CANCEL invt_cancel "InvtCancel" "撤销申请单" "cancel application" {
        GUID R exactly(36);
        APP_TYPE R exactly(1), "限定为 1" "only 1";
        APP_TIME R exactly(14);
        APP_STATUS R some(3), "1 暂存 2 申报（须签名）" "1 draft, 2 declare (needs a signature)";
        CUSTOMS_CODE R exactly(4);
        ORDER_NO R some(60);
        EBP_CODE R some(18);
        EBP_NAME R some(100);
        EBC_CODE R some(18);
        EBC_NAME R some(100);
        LOGISTICS_NO R some(60);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NAME R some(100);
        COP_NO O up_to(20);
        PRE_NO O up_to(18);
        INVT_NO R some(18), "拟撤销的清单" "the inventory to cancel";
        BUYER_ID_TYPE R exactly(1);
        BUYER_ID_NUMBER R some(60);
        BUYER_NAME R some(60);
        BUYER_TELEPHONE R some(30);
        AGENT_CODE R some(18);
        AGENT_NAME R some(100);
        REASON_CANCEL R some(1000);
        NOTE O up_to(1000);
    }
    /// Cancel receipt 撤销申请单回执.
    INVT_CANCEL_RETURN invt_cancel_return "InvtCancelReturn" "撤销申请单回执" "cancel receipt" {
        GUID R exactly(36);
        CUSTOMS_CODE O exactly(4);
        AGENT_CODE O some(18);
        EBP_CODE O some(18);
        EBC_CODE O some(18);
        COP_NO R some(20);
        PRE_NO R exactly(18);
        INVT_NO O exactly(18);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
    /// Return application head 退货申请单表头.
    INVT_REFUND_HEAD invt_refund_head "InvtRefundHead" "退货申请单表头" "return application head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R some(3), "1 暂存 2 申报（须签名）" "1 draft, 2 declare (needs a signature)";
        CUSTOMS_CODE R exactly(4);
        ORDER_NO R some(60);
        EBP_CODE R some(18);
        EBP_NAME R some(100);
        EBC_CODE R some(18);
        EBC_NAME R some(100);
        LOGISTICS_NO R some(60);
        LOGISTICS_CODE R some(18);
        LOGISTICS_NAME R some(100);
        COP_NO O up_to(20);
        PRE_NO O up_to(18);
        INVT_NO R some(18), "拟退货的清单" "the inventory being returned";
        BUYER_ID_TYPE R exactly(1);
        BUYER_ID_NUMBER R some(60);
        BUYER_NAME R some(60);
        BUYER_TELEPHONE R some(30);
        AGENT_CODE R some(18);
        AGENT_NAME R some(100);
        REASON_RETURN R some(1000);
        NOTE O up_to(1000);
    }
    /// Return application line 退货申请单表体.
    INVT_REFUND_LIST invt_refund_list "InvtRefundList" "退货申请单表体" "return application line" {
        ORIGINAL_GNUM R line();
        GCODE R exactly(10);
        GNAME R some(250), "与原清单一致" "as in the inventory";
        QTY R amount(), "不大于原清单数量" "not above the original quantity";
        UNIT R exactly(3);
        NOTE O up_to(1000);
    }
    /// Return receipt 退货申请单回执.
    INVT_REFUND_RETURN invt_refund_return "InvtRefundReturn" "退货申请单回执" "return receipt" {
        GUID R exactly(36);
        CUSTOMS_CODE O exactly(4);
        AGENT_CODE O some(18);
        EBP_CODE O some(18);
        EBC_CODE O some(18);
        COP_NO R some(20);
        PRE_NO R exactly(18);
        INVT_NO O exactly(18);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
}
