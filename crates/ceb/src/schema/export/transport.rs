//! Arrival, departure and consolidation, and the receipts for them.

use crate::schema::table::*;

records! {
    /// Arrival head 运抵单表头.
    ARRIVAL_HEAD arrival_head "ArrivalHead" "运抵单表头" "arrival head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1).preset("1");
        CUSTOMS_CODE R exactly(4);
        COP_NO R up_to(30);
        PRE_NO O exactly(18);
        OPERATOR_CODE R up_to(18), "邮件填邮政物流企业" "the postal operator for mail";
        OPERATOR_NAME R up_to(100);
        LOCT_NO O up_to(10);
        IE_FLAG R exactly(1);
        TRAF_MODE R exactly(1).collapsed();
        BILL_NO O up_to(37), "邮件可空" "may be empty for mail";
        DOMESTIC_TRAF_NO R up_to(100).collapsed();
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NAME R up_to(100);
        MSG_COUNT R digits(9);
        MSG_SEQ_NO R digits(9);
        NOTE O up_to(1000);
    }
    /// Arrival line 运抵单表体.
    ARRIVAL_LIST arrival_list "ArrivalList" "运抵单表体" "arrival line" {
        GNUM R digits(5);
        LOGISTICS_NO R up_to(32);
        TOTAL_PACKAGE_NO O up_to(37);
        NOTE O up_to(1000);
    }
    /// Arrival receipt 运抵单回执.
    ARRIVAL_RETURN arrival_return "ArrivalReturn" "运抵单回执" "arrival receipt" {
        GUID R exactly(36);
        OPERATOR_CODE R up_to(18);
        LOGISTICS_CODE R up_to(18);
        PRE_NO R exactly(18);
        COP_NO R up_to(30);
        BILL_NO R up_to(37);
        MSG_SEQ_NO R digits(9);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
    /// Departure head 离境单表头.
    DEPARTURE_HEAD departure_head "DepartureHead" "离境单表头" "departure head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1);
        CUSTOMS_CODE R exactly(4);
        COP_NO R up_to(30);
        PRE_NO O exactly(18);
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NAME R up_to(100);
        TRAF_MODE R exactly(1).collapsed();
        TRAF_NAME O up_to(100);
        VOYAGE_NO O up_to(32);
        BILL_NO O up_to(37);
        LEAVE_TIME R exactly(14);
        MSG_COUNT R digits(9);
        MSG_SEQ_NO R digits(9);
        NOTE O up_to(1000);
    }
    /// Departure line 离境单表体.
    DEPARTURE_LIST departure_list "DepartureList" "离境单表体" "departure line" {
        GNUM R digits(5);
        TOTAL_PACKAGE_NO O up_to(37);
        LOGISTICS_NO R up_to(32);
        NOTE O up_to(1000);
    }
    /// Departure receipt 离境单回执.
    DEPARTURE_RETURN departure_return "DepartureReturn" "离境单回执" "departure receipt" {
        GUID R exactly(36);
        LOGISTICS_CODE R up_to(18);
        COP_NO R up_to(30);
        PRE_NO R exactly(18);
        MSG_SEQ_NO R digits(9);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
    /// Consolidation head 清单总分单表头.
    WAY_BILL_HEAD way_bill_head "WayBillHead" "清单总分单表头" "consolidation head" {
        GUID R exactly(36);
        APP_TYPE R exactly(1);
        APP_TIME R exactly(14);
        APP_STATUS R exactly(1);
        CUSTOMS_CODE R exactly(4);
        COP_NO R up_to(30);
        PRE_NO O exactly(18);
        AGENT_CODE R up_to(18);
        AGENT_NAME R up_to(100);
        LOCT_NO O up_to(10);
        TRAF_MODE R exactly(1).collapsed();
        TRAF_NAME R up_to(100).collapsed();
        VOYAGE_NO R up_to(32).collapsed();
        BILL_NO R up_to(37);
        DOMESTIC_TRAF_NO O up_to(100);
        GROSS_WEIGHT R amount();
        LOGISTICS_CODE R up_to(18);
        LOGISTICS_NAME R up_to(100);
        MSG_COUNT R digits(9);
        MSG_SEQ_NO R digits(9);
        NOTE O up_to(1000);
    }
    /// Consolidation line 清单总分单表体.
    WAY_BILL_LIST way_bill_list "WayBillList" "清单总分单表体" "consolidation line" {
        GNUM R digits(5);
        TOTAL_PACKAGE_NO O up_to(60);
        LOGISTICS_NO R up_to(32);
        INVT_NO O up_to(20), "退货时填原出口清单编号" "the original inventory for returned goods";
        NOTE O up_to(1000);
    }
    /// Consolidation receipt 清单总分单回执.
    WAY_BILL_RETURN way_bill_return "WayBillReturn" "清单总分单回执" "consolidation receipt" {
        GUID R exactly(36);
        AGENT_CODE R up_to(18);
        LOGISTICS_CODE R up_to(18);
        COP_NO R up_to(30);
        PRE_NO R exactly(18);
        BILL_NO R up_to(37);
        MSG_SEQ_NO R digits(9);
        RETURN_STATUS R some(10);
        RETURN_TIME R exactly(17);
        RETURN_INFO R up_to(1000);
    }
}
