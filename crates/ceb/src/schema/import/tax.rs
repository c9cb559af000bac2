//! Tax bill, tax bill status and the format check receipt.

use crate::schema::table::*;

records! {
    /// Tax bill head 电子税单表头.
    TAX_HEAD_RD tax_head_rd "TaxHeadRd" "电子税单表头" "tax bill head" {
        GUID R exactly(36);
        RETURN_TIME R exactly(17);
        INVT_NO R some(18);
        TAX_NO R some(50);
        CUSTOMS_TAX R amount();
        VALUE_ADDED_TAX R amount();
        CONSUMPTION_TAX R amount();
        TAX_STATUS R exactly(1);
        ENT_DUTY_NO O up_to(50);
        NOTE O up_to(1000);
        ASSURE_CODE O up_to(64);
        EBC_CODE O up_to(64);
        LOGISTICS_CODE O up_to(64);
        AGENT_CODE O some(18);
        CUSTOMS_CODE O exactly(4);
    }
    /// Tax bill line 电子税单表体.
    TAX_LIST_RD tax_list_rd "TaxListRd" "电子税单表体" "tax bill line" {
        GNUM R line();
        GCODE R exactly(10);
        TAX_PRICE R amount();
        CUSTOMS_TAX R amount();
        VALUE_ADDED_TAX R amount();
        CONSUMPTION_TAX R amount();
    }
    /// Tax bill status 电子税单状态.
    TAX_HEAD_STATUS tax_head_status "TaxHeadStatus" "电子税单状态" "tax bill status" {
        GUID R exactly(36);
        RETURN_TIME R exactly(17);
        INVT_NO R some(18);
        TAX_NO R some(50);
        TAX_STATUS R exactly(1);
        ENT_DUTY_NO O up_to(50);
        ASSURE_CODE O up_to(64);
    }
    /// Format check receipt 报文格式校验回执.
    MESSAGE_RETURN message_return "MessageReturn" "报文格式校验回执" "format check receipt" {
        GUID R exactly(36), "被退回报文的序号" "of the message refused";
        RETURN_STATUS R some(10), "负数为格式校验不通过" "negative: the format check failed";
        RETURN_INFO R up_to(5000);
        RETURN_TIME R exactly(17);
        ORI_COP_MSG_ID R up_to(255);
        ORI_MESSAGE_TYPE R up_to(15);
        ORI_BIZ_MESSAGE R unlimited();
    }
}
