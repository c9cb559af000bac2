//! Export order, receipt of funds and waybill, and the receipts for them.

use crate::schema::table::*;

records! {
    /// Order head 订单表头.
    ORDER_HEAD order_head "OrderHead" "订单表头" "order head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1).preset("1");
        ORDER_TYPE R exactly(1),
            "E 零售 B B2B 直接出口 W 海外仓订仓" "E retail, B B2B export, W overseas warehouse booking";
        ORDER_NO R up_to(60), "平台订单号或海外仓订仓单号" "platform order or booking number";
        EBP_CODE R up_to(18), "境外平台无代码填“无”" "无 for a foreign platform without a code";
        EBP_NAME R up_to(100);
        EBC_CODE R up_to(18), "与清单收发货人一致" "the consignor of the inventory";
        EBC_NAME R up_to(100);
        FOB_VALUE R amount();
        ORDER_FREIGHT R amount().preset("0");
        CURRENCY R exactly(3);
        NOTE O up_to(1000);
    }
    /// Order line 订单表体.
    ORDER_LIST order_list "OrderList" "订单表体" "order line" {
        GNUM R digits(5);
        ITEM_NO R up_to(30);
        ITEM_NAME R up_to(250);
        ITEM_DESCRIBE O up_to(1000);
        BAR_CODE O up_to(50);
        UNIT R exactly(3);
        CURRENCY R exactly(3);
        QTY R amount();
        PRICE R amount();
        TOTAL_PRICE R amount();
        NOTE O up_to(1000);
    }
    /// Order receipt 订单回执.
    ORDER_RETURN order_return "OrderReturn" "订单回执" "order receipt" {
        GUID R exactly(36);
        EBP_CODE R up_to(18);
        EBC_CODE R up_to(18);
        ORDER_NO R up_to(60);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
    /// Receipt of funds 收款单.
    RECEIPTS receipts "Receipts" "收款单" "receipt of funds" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1).preset("1");
        EBP_CODE R up_to(18), "境外平台无代码填“无”" "无 for a foreign platform without a code";
        EBP_NAME R up_to(100);
        EBC_CODE R up_to(18);
        EBC_NAME R up_to(100);
        ORDER_NO R up_to(60);
        PAY_CODE O up_to(18), "境内支付企业必填" "required for domestic payment firms";
        PAY_NAME R up_to(100), "线下支付填“现金支付”" "现金支付 if not paid online";
        PAY_NO O up_to(60);
        CHARGE R amount();
        CURRENCY R exactly(3);
        ACCOUNTING_DATE R exactly(14);
        NOTE O up_to(1000);
    }
    /// Receipt of funds receipt 收款单回执.
    RECEIPTS_RETURN receipts_return "ReceiptsReturn" "收款单回执" "receipt of funds receipt" {
        GUID R exactly(36);
        EBC_CODE R up_to(18);
        ORDER_NO R up_to(60);
        PAY_NO O up_to(60);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
    /// Waybill 运单.
    LOGISTICS logistics "Logistics" "运单" "waybill" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1).preset("2");
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NAME R up_to(100);
        LOGISTICS_NO R up_to(32);
        FREIGHT R amount();
        INSURED_FEE R amount();
        CURRENCY R exactly(3);
        GROSS_WEIGHT R amount();
        PACK_NO R digits(9);
        GOODS_INFO R up_to(200).collapsed();
        EBC_CODE O up_to(18);
        EBC_NAME O up_to(100);
        EBC_TELEPHONE O up_to(50);
        NOTE O up_to(1000);
    }
    /// Waybill receipt 运单回执.
    LOGISTICS_RETURN logistics_return "LogisticsReturn" "运单回执" "waybill receipt" {
        GUID R exactly(36);
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NO R up_to(32);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
}
