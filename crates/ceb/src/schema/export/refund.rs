//! Export return application and tally, and the receipts for them.

use crate::schema::table::*;

records! {
    /// Return application head 退货申请单表头.
    INVT_REFUND_HEAD invt_refund_head "InvtRefundHead" "退货申请单表头" "return application head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1);
        CUSTOMS_CODE R exactly(4);
        LOCT_NO O up_to(10);
        EBP_CODE R up_to(18);
        EBP_NAME R up_to(100);
        EBC_CODE R up_to(18);
        EBC_NAME R up_to(100);
        LOGISTICS_NO R up_to(80), "可填原运单或退运运单" "the original or the inbound waybill";
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NAME R up_to(100);
        CO_EL_NO R up_to(30);
        PRE_NO O up_to(18);
        INVT_NO R up_to(20), "原出口清单" "the original export inventory";
        TRADE_MODE O exactly(4), "9661 零售退货 1261 特殊区域退货" "9661 return of 9610, 1261 return of 1210";
        AGENT_CODE R up_to(18);
        AGENT_NAME R up_to(100);
        BILL_NO R up_to(37), "没有提运单填运单号" "else the waybill number";
        IE_FLAG R up_to(1), "退货填 I" "I for a return";
        TRAF_MODE R up_to(1);
        TRAF_NAME R up_to(100);
        PORT_CODE R up_to(4);
        REASON_RETURN R up_to(500);
        DEPARTURE_COUNTRY R up_to(3), "不得为中国" "never China";
        VOYAGE_NO R up_to(32);
        NOTE O up_to(500);
    }
    /// Return application line 退货申请单表体.
    INVT_REFUND_LIST invt_refund_list "InvtRefundList" "退货申请单表体" "return application line" {
        ORIGINAL_GNUM R digits(4);
        GCODE R up_to(10);
        GNAME R up_to(250);
        GMODEL R up_to(250);
        QTY R amount(), "不大于原清单" "not above the original";
        QTY1 R amount(), "不大于原清单" "not above the original";
        UNIT R exactly(3);
        UNIT1 R exactly(3);
        QTY2 O amount();
        UNIT2 O exactly(3);
        NOTE O up_to(500);
    }
    /// Return receipt 退货申请单回执.
    REFUND_RETURN refund_return "RefundReturn" "退货申请单回执" "return receipt" {
        GUID R exactly(36);
        EBP_CODE O up_to(18);
        EBC_CODE O up_to(18);
        AGENT_CODE R up_to(18);
        CO_EL_NO R up_to(30);
        PRE_NO O up_to(18);
        INVT_NO R up_to(20);
        RETURN_STATUS R up_to(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
    /// Return tally 退货理货明细单.
    INVT_REFUND_DETAIL invt_refund_detail "InvtRefundDetail" "退货理货明细单" "return tally" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1);
        CUSTOMS_CODE R exactly(4);
        OPERATOR_CODE R up_to(18), "邮件填邮政物流企业" "the postal operator for mail";
        OPERATOR_NAME R up_to(100);
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NAME R up_to(100);
        LOGISTICS_NO R up_to(80);
        INVT_NO O up_to(20);
        CO_EL_NO R up_to(20);
        PRE_NO O up_to(18);
        BILL_NO R up_to(37), "没有提运单填运单号" "else the waybill number";
        IE_FLAG R exactly(1), "退货填 I" "I for a return";
        TRAF_MODE R exactly(1);
        TRAF_NAME R up_to(100);
        VOYAGE_NO R up_to(32);
        LOCATION O up_to(250);
        NOTE O up_to(250);
    }
    /// Return tally receipt 退货理货明细单回执.
    INVT_REFUND_DETAIL_RETURN invt_refund_detail_return "InvtRefundDetailReturn"
        "退货理货明细单回执" "return tally receipt" {
        GUID R exactly(36);
        OPERATOR_CODE R up_to(18);
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NO R up_to(80);
        CO_EL_NO R up_to(30);
        PRE_NO O up_to(18);
        RETURN_STATUS R up_to(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
}
