//! Export inventory and cancel application, and the receipts for them.

use crate::schema::table::*;

records! {
    /// Inventory head 清单表头.
    INVENTORY_HEAD inventory_head "InventoryHead" "清单表头" "inventory head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1);
        CUSTOMS_CODE R exactly(4);
        EBP_CODE R up_to(18), "境外平台无代码填“无”" "无 for a foreign platform without a code";
        EBP_NAME R up_to(100);
        ORDER_NO R up_to(60);
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NAME R up_to(100);
        LOGISTICS_NO R up_to(32);
        COP_NO R up_to(30);
        PRE_NO O exactly(18);
        INVT_NO O up_to(20);
        IE_FLAG R exactly(1);
        PORT_CODE R exactly(4);
        EXPORT_DATE R exactly(8);
        STATISTICS_FLAG R exactly(1);
        AGENT_CODE R up_to(18);
        AGENT_NAME R up_to(100);
        CONSIGNOR_CODE R up_to(18);
        CONSIGNOR_NAME R up_to(100);
        OWNER_CODE R up_to(18);
        OWNER_NAME R up_to(100);
        IAC_CODE O up_to(18);
        IAC_NAME O up_to(100);
        EMS_NO O up_to(30), "特殊区域出口必填" "required for export from a special zone";
        TRADE_MODE R exactly(4),
            "9610 零售 1210 特殊区域 9710 B2B 9810 海外仓"
            "9610 retail, 1210 zone, 9710 B2B, 9810 overseas warehouse";
        TRAF_MODE R exactly(1).collapsed();
        TRAF_NAME O up_to(100), "可由总分单补报" "may follow in 607";
        VOYAGE_NO O up_to(32), "可由总分单补报" "may follow in 607";
        BILL_NO O up_to(37), "可由总分单补报" "may follow in 607";
        TOTAL_PACKAGE_NO O up_to(37), "可由总分单补报" "may follow in 607";
        LOCT_NO O up_to(10);
        LICENSE_NO O up_to(19);
        ARRIVAL_COUNTRY R exactly(3);
        POD R within(3, 4).collapsed();
        FREIGHT R amount();
        F_CURRENCY R exactly(3);
        F_FLAG R exactly(1).fixed("3");
        INSURED_FEE R amount();
        I_CURRENCY R exactly(3);
        I_FLAG R exactly(1).fixed("3");
        WRAP_TYPE R exactly(1).collapsed();
        PACK_NO R digits(9), "" "";
        GROSS_WEIGHT R amount();
        NET_WEIGHT R amount();
        NOTE O up_to(1000);
    }
    /// Inventory line 清单表体.
    INVENTORY_LIST inventory_list "InventoryList" "清单表体" "inventory line" {
        GNUM R digits(5);
        ITEM_NO R up_to(20);
        ITEM_RECORD_NO O up_to(30), "保税出口必填" "required for bonded export";
        ITEM_NAME O up_to(250), "汇总后作退税名称" "the refund name once summarised";
        GCODE R exactly(10);
        GNAME R up_to(250);
        GMODEL R up_to(250).collapsed();
        BAR_CODE R up_to(50).collapsed();
        DESTINATION R exactly(3);
        CURRENCY R exactly(3);
        QTY R amount();
        QTY1 R amount();
        QTY2 O amount();
        UNIT R exactly(3);
        UNIT1 R exactly(3);
        UNIT2 O up_to(3);
        PRICE R amount(), "离岸价" "free on board";
        TOTAL_PRICE R amount();
        NOTE O up_to(1000);
    }
    /// Inventory receipt 清单回执.
    INVENTORY_RETURN inventory_return "InventoryReturn" "清单回执" "inventory receipt" {
        GUID R exactly(36);
        AGENT_CODE R up_to(18);
        COP_NO R up_to(30);
        PRE_NO R exactly(18);
        INVT_NO R up_to(20);
        CONSIGNOR_CODE R up_to(18);
        EBP_CODE R up_to(18);
        ORDER_NO R up_to(60);
        STATISTICS_FLAG R exactly(1);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
    /// Cancel application 撤销申请单.
    INVT_CANCEL invt_cancel "InvtCancel" "撤销申请单" "cancel application" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1);
        CUSTOMS_CODE R exactly(4);
        COP_NO R up_to(30);
        PRE_NO O exactly(18);
        INVT_NO R up_to(20);
        REASON_CANCEL R up_to(1000).collapsed();
        AGENT_CODE R up_to(18);
        AGENT_NAME R up_to(100);
        CONSIGNOR_CODE R up_to(18);
        CONSIGNOR_NAME R up_to(100);
        NOTE O up_to(1000);
    }
    /// Cancel receipt 撤销申请单回执.
    INVT_CANCEL_RETURN invt_cancel_return "InvtCancelReturn" "撤销申请单回执" "cancel receipt" {
        GUID R exactly(36);
        AGENT_CODE R up_to(18);
        COP_NO R up_to(30);
        PRE_NO R exactly(18);
        INVT_NO R up_to(20);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
}
