//! Summary application, its receipt and the summary result.

use crate::schema::table::*;

records! {
    /// Summary application head 汇总申请单表头.
    SUMMARY_APPLY_HEAD summary_apply_head "SummaryApplyHead" "汇总申请单表头" "summary application head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1).preset("2");
        CUSTOMS_CODE R exactly(4);
        COP_NO R up_to(30);
        PRE_NO O up_to(18);
        SUM_NO O up_to(18);
        AGENT_CODE R up_to(18);
        AGENT_NAME R up_to(100);
        CONSIGNOR_CODE R up_to(18);
        CONSIGNOR_NAME R up_to(100);
        DECL_AGENT_CODE R up_to(18);
        DECL_AGENT_NAME R up_to(100);
        START_TIME O exactly(14);
        END_TIME O exactly(14);
        LOCT_NO O up_to(10);
        SUMMARY_FLAG R exactly(1);
        ITEM_NAME_FLAG R exactly(1);
        MSG_COUNT R digits(9);
        MSG_SEQ_NO R digits(9);
        NOTE O up_to(1000);
    }
    /// Summary application line 汇总申请单表体.
    SUMMARY_APPLY_LIST summary_apply_list "SummaryApplyList" "汇总申请单表体" "summary application line" {
        INVT_NO R up_to(20), "拟汇总的清单" "the inventory to summarise";
    }
    /// Summary application receipt 汇总申请单回执.
    SUMMARY_RETURN summary_return "SummaryReturn" "汇总申请单回执" "summary application receipt" {
        GUID R exactly(36);
        AGENT_CODE R up_to(18);
        CONSIGNOR_CODE R up_to(18);
        COP_NO R up_to(30);
        PRE_NO R exactly(18);
        SUM_NO O exactly(18);
        MSG_SEQ_NO R digits(9);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
    /// Summary result head 汇总结果单表头.
    SUMMARY_RESULT_HEAD summary_result_head "SummaryResultHead" "汇总结果单表头" "summary result head" {
        GUID R exactly(36);
        CUSTOMS_CODE R exactly(4);
        SUM_NO R exactly(18);
        OP_DATE R exactly(17);
        DECL_SEQ_NO R exactly(18);
        DEC_TMP_NO O exactly(18);
        DEC_PRE_NO O exactly(18);
        ENTRY_ID O exactly(18);
        DEC_STATE R some(3);
        AGENT_CODE R up_to(18);
        AGENT_NAME R up_to(100);
        CONSIGNOR_CODE R up_to(18);
        CONSIGNOR_NAME R up_to(100);
        DECL_AGENT_CODE R up_to(18);
        DECL_AGENT_NAME R up_to(100);
        GROSS_WEIGHT R amount();
        NET_WEIGHT R amount();
        MSG_COUNT R digits(9);
        MSG_SEQ_NO R digits(9);
        NOTE O up_to(1000);
    }
    /// Summary result line 汇总结果单表体.
    SUMMARY_RESULT_LIST summary_result_list "SummaryResultList" "汇总结果单表体" "summary result line" {
        INVT_NO R up_to(20);
        LOGISTICS_NO R up_to(32);
        GSEQNO R digits(5);
        GNUM R digits(5);
        GCODE R exactly(10);
    }
}
