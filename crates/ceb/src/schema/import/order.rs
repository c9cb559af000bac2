//! Order and payment, and customs' receipts for them.

use crate::schema::table::*;

records! {
    /// Order head 订单表头.
    ORDER_HEAD order_head "OrderHead" "订单表头" "order head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R some(3);
        ORDER_TYPE R exactly(1), "I 进口" "I, import";
        ORDER_NO R some(60);
        EBP_CODE R some(18);
        EBP_NAME R some(100);
        EBC_CODE R some(18);
        EBC_NAME R some(100);
        GOODS_VALUE R amount();
        ORDER_FREIGHT R amount();
        DISCOUNT R amount();
        TAX_TOTAL R amount();
        ACTURAL_PAID R amount();
        CURRENCY R exactly(3).fixed("142"), "固定 142 人民币" "always 142, Chinese yuan";
        BUYER_REG_NO R some(60);
        BUYER_NAME R some(60);
        BUYER_TELEPHONE R some(30);
        BUYER_ID_TYPE R exactly(1);
        BUYER_ID_NUMBER R some(60);
        PAY_CODE O up_to(18), "选填；填写时须与支付单一致" "optional; if filled, as in the payment";
        PAY_NAME O up_to(100);
        PAY_TRANSACTION_ID O up_to(60);
        BATCH_NUMBERS O up_to(100);
        CONSIGNEE R some(100);
        CONSIGNEE_TELEPHONE R some(50);
        CONSIGNEE_ADDRESS R some(200);
        CONSIGNEE_DISTRICT O exactly(6);
        NOTE O up_to(1000);
    }
    /// Order line 订单表体.
    ORDER_LIST order_list "OrderList" "订单表体" "order line" {
        GNUM R line();
        ITEM_NO O up_to(30);
        ITEM_NAME R some(250);
        GMODEL R some(510);
        ITEM_DESCRIBE O up_to(1000);
        BAR_CODE O up_to(50);
        UNIT R exactly(3);
        QTY R amount();
        PRICE R amount(), "赠品填 0" "0 for gifts";
        TOTAL_PRICE R amount();
        CURRENCY R exactly(3).fixed("142");
        ORIGIN R exactly(3);
        NOTE O up_to(1000), "促销、明显偏离市场价时说明" "explain promotions and prices off the market";
    }
    /// Order receipt 订单回执.
    ORDER_RETURN order_return "OrderReturn" "订单回执" "order receipt" {
        GUID R exactly(36);
        EBP_CODE R some(18);
        EBC_CODE R some(18);
        ORDER_NO R some(60);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
    /// Payment 支付单.
    PAYMENT_HEAD payment_head "PaymentHead" "支付单" "payment" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R some(3);
        PAY_CODE R some(18);
        PAY_NAME R some(100);
        PAY_TRANSACTION_ID R some(60);
        ORDER_NO R some(60), "与订单一致" "as in the order";
        EBP_CODE R some(18), "与订单一致" "as in the order";
        EBP_NAME R some(100);
        PAYER_ID_TYPE R exactly(1);
        PAYER_ID_NUMBER R some(60);
        PAYER_NAME R some(60);
        PAYER_TELEPHONE O up_to(60);
        AMOUNT_PAID R amount();
        CURRENCY R exactly(3).fixed("142");
        PAY_TIME R exactly(14);
        NOTE O up_to(1000);
    }
    /// Payment receipt 支付单回执.
    PAYMENT_RETURN payment_return "PaymentReturn" "支付单回执" "payment receipt" {
        GUID R exactly(36);
        PAY_CODE R some(18);
        PAY_TRANSACTION_ID R some(60);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R some(1000);
    }
}
