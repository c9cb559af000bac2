//! The vocabulary: each field of the family once, with its meaning in both languages, what kind of
//! value it holds, its code list and whether it is personal.

use crate::schema::table::*;

terms! {
    GUID "guid" "系统唯一序号" "document GUID" form Guid,
        "36 位，发送方生成的大写 UUID" "36 characters, an upper-case UUID made by the sender";
    APP_TYPE "appType" "报送类型" "kind of report" list AppType,
        "1 新增 2 变更 3 删除" "1 add, 2 change, 3 delete";
    APP_TIME "appTime" "报送时间" "time of report" form Moment,
        "重发时应晚于上次" "later than before when sent again";
    APP_STATUS "appStatus" "业务状态" "business status" list AppStatus,
        "1 暂存 2 申报" "1 draft, 2 declare";
    ORDER_TYPE "orderType" "订单类型" "kind of order" list OrderType;
    ORDER_NO "orderNo" "订单编号" "order number", "同一电商平台内唯一" "unique within its platform";
    EBP_CODE "ebpCode" "电商平台代码" "platform code" form Enterprise;
    EBP_NAME "ebpName" "电商平台名称" "platform name", "登记名称" "the registered name";
    EBC_CODE "ebcCode" "电商企业代码" "e-commerce firm code" form Enterprise;
    EBC_NAME "ebcName" "电商企业名称" "e-commerce firm name", "登记名称" "the registered name";
    CONSIGNOR_CODE "ebcCode" "收发货人代码" "consignor code" form Enterprise;
    CONSIGNOR_NAME "ebcName" "收发货人名称" "consignor name", "登记名称" "the registered name";
    EBC_TELEPHONE "ebcTelephone" "电商企业电话" "e-commerce firm telephone";
    GOODS_VALUE "goodsValue" "商品价格" "goods value" form Money,
        "实际成交价，含非现金抵扣金额" "the price agreed, non-cash deduction included";
    FOB_VALUE "goodsValue" "商品价格" "goods value" form Money,
        "离岸价，不含运费" "free on board, without freight";
    ORDER_FREIGHT "freight" "运杂费" "freight and charges" form Money,
        "不含在商品价格中；无则填 0" "not part of the goods value; 0 if none";
    DISCOUNT "discount" "非现金抵扣金额" "non-cash deduction" form Money,
        "积分、代金券、虚拟货币等；无则填 0" "points, vouchers, virtual money; 0 if none";
    TAX_TOTAL "taxTotal" "代扣税款" "tax withheld" form Money, "无则填 0" "0 if none";
    ACTURAL_PAID "acturalPaid" "实际支付金额" "amount actually paid" form Money,
        "商品价格＋运杂费＋代扣税款－非现金抵扣金额，与支付单一致"
        "goods value + freight + tax − deduction; equals the payment";
    CURRENCY "currency" "币制" "currency" list Currency;
    BUYER_REG_NO "buyerRegNo" "订购人注册号" "buyer account at the platform" personal Account;
    BUYER_NAME "buyerName" "订购人姓名" "buyer name" personal Name, "真实姓名" "the real name";
    BUYER_TELEPHONE "buyerTelephone" "订购人电话" "buyer telephone" personal Phone,
        "真实联系电话" "a number that reaches the buyer";
    BUYER_ID_TYPE "buyerIdType" "订购人证件类型" "buyer identity document" list IdType,
        "1 身份证 2 其他；限定为 1" "1 resident identity card, 2 other; limited to 1";
    BUYER_ID_NUMBER "buyerIdNumber" "订购人证件号码" "buyer identity number" form IdNumber personal IdNumber;
    PAY_CODE "payCode" "支付企业代码" "payment firm code" form Enterprise;
    PAY_NAME "payName" "支付企业名称" "payment firm name", "登记名称" "the registered name";
    PAY_TRANSACTION_ID "payTransactionId" "支付交易编号" "payment transaction number",
        "同一支付企业内唯一" "unique at the payment firm";
    PAY_NO "payNo" "支付交易编号" "payment transaction number";
    BATCH_NUMBERS "batchNumbers" "商品批次号" "goods batch number";
    CONSIGNEE "consignee" "收货人姓名" "consignee name" personal Name,
        "订单与运单一致" "the same in order and waybill";
    CONSIGNEE_TELEPHONE "consigneeTelephone" "收货人电话" "consignee telephone" personal Phone,
        "订单与运单一致" "the same in order and waybill";
    CONSIGNEE_ADDRESS "consigneeAddress" "收货地址" "delivery address" personal Address,
        "订单与运单一致" "the same in order and waybill";
    CONSIGNEE_DISTRICT "consigneeDistrict" "收货地址行政区划代码" "delivery district code" list Division,
        "6 位行政区划代码" "6-digit administrative division";
    NOTE "note" "备注" "note";
    GNUM "gnum" "序号" "line number" form Line, "从 1 开始连续" "from 1 without gaps";
    ORIGINAL_GNUM "gnum" "序号" "line number" form Line,
        "原清单表体序号" "the line of the original inventory";
    ITEM_NO "itemNo" "企业商品货号" "item number (SKU)";
    ITEM_NAME "itemName" "企业商品名称" "item name", "销售时的中文名称" "the Chinese name it is sold by";
    GMODEL "gmodel" "商品规格型号" "specification and model",
        "满足归类、审价要求：品牌、规格、成分、含量等" "enough to classify and value: brand, size, composition, content";
    ITEM_DESCRIBE "itemDescribe" "企业商品描述" "item description";
    BAR_CODE "barCode" "条形码" "bar code", "没有填“无”" "无 if there is none";
    UNIT "unit" "计量单位" "declared unit" list Unit;
    QTY "qty" "数量" "quantity" form Quantity;
    QTY1 "qty1" "法定数量" "first statutory quantity" form Quantity;
    UNIT1 "unit1" "法定计量单位" "first statutory unit" list Unit;
    QTY2 "qty2" "第二数量" "second statutory quantity" form Quantity,
        "与第二计量单位同时填写" "filled together with its unit";
    UNIT2 "unit2" "第二计量单位" "second statutory unit" list Unit,
        "与第二数量同时填写" "filled together with its quantity";
    PRICE "price" "单价" "unit price" form Money;
    TOTAL_PRICE "totalPrice" "总价" "line total" form Money, "单价×数量" "unit price × quantity";
    ORIGIN "country" "原产国（地区）" "country of origin" list Country;
    DEPARTURE_COUNTRY "country" "起运国（地区）" "country of departure" list Country;
    ARRIVAL_COUNTRY "country" "运抵国（地区）" "country of arrival" list Country;
    DESTINATION "country" "最终目的国（地区）" "country of final destination" list Country;
    TRADE_COUNTRY "tradeCountry" "贸易国" "trading country" list Country;
    PAYER_ID_TYPE "payerIdType" "支付人证件类型" "payer identity document" list IdType,
        "1 身份证 2 其他；限定为 1" "1 resident identity card, 2 other; limited to 1";
    PAYER_ID_NUMBER "payerIdNumber" "支付人证件号码" "payer identity number" form IdNumber personal IdNumber;
    PAYER_NAME "payerName" "支付人姓名" "payer name" personal Name, "须为订购人本人" "must be the buyer";
    PAYER_TELEPHONE "telephone" "支付人电话" "payer telephone" personal Phone;
    AMOUNT_PAID "amountPaid" "支付金额" "amount paid" form Money,
        "与订单实际支付金额一致" "equals the amount in the order";
    PAY_TIME "payTime" "支付时间" "time of payment" form Moment;
    CHARGE "charge" "收款金额" "amount received" form Money,
        "支付企业的订单交易金额" "the transaction amount at the payment firm";
    ACCOUNTING_DATE "accountingDate" "到账时间" "time of receipt of funds" form Moment;
    LOGISTICS_CODE "logisticsCode" "物流企业代码" "logistics firm code" form Enterprise;
    LOGISTICS_NAME "logisticsName" "物流企业名称" "logistics firm name", "登记名称" "the registered name";
    LOGISTICS_NO "logisticsNo" "物流运单编号" "waybill number",
        "同一物流企业半年内不得重复" "not used again by its firm within six months";
    BILL_NO "billNo" "提运单号" "master waybill number",
        "海运提单、空运总单或汽车载货清单" "ocean bill of lading, air master waybill or truck manifest";
    FREIGHT "freight" "运费" "freight" form Money, "无则填 0" "0 if none";
    INSURED_FEE "insuredFee" "保费" "insurance fee" form Money, "无则填 0" "0 if none";
    WEIGHT "weight" "毛重（公斤）" "gross weight in kg" form Quantity;
    GROSS_WEIGHT "grossWeight" "毛重（公斤）" "gross weight in kg" form Quantity;
    NET_WEIGHT "netWeight" "净重（公斤）" "net weight in kg" form Quantity;
    PACK_NO "packNo" "件数" "number of packages" form Count;
    GOODS_INFO "goodsInfo" "主要货物信息" "what the goods are";
    LOGISTICS_STATUS "logisticsStatus" "物流运单状态" "waybill status" list LogisticsStatus,
        "S 签收" "S, signed for";
    LOGISTICS_TIME "logisticsTime" "物流状态时间" "time of the status" form Moment;
    COP_NO "copNo" "企业内部编号" "firm's own number",
        "申报单位自编的业务主键" "the declarant's own key of the document";
    CO_EL_NO "coElNo" "企业内部编号" "firm's own number",
        "申报单位自编的业务主键" "the declarant's own key of the document";
    PRE_NO "preNo" "电子口岸预录入编号" "e-port pre-entry number" form PreNo,
        "电子口岸生成：字母＋日期＋9 位流水" "made by the e-port: letter, date, 9 digits";
    ASSURE_CODE "assureCode" "担保企业编号" "guarantor code" form Enterprise,
        "限电商平台、电商企业、物流企业或申报企业" "platform, e-commerce firm, logistics firm or declarant";
    EMS_NO "emsNo" "账册编号" "bonded account book number";
    INVT_NO "invtNo" "清单编号" "inventory number" form InventoryNo,
        "海关生成：关区 4 位＋年 4 位＋I/E＋流水" "made by customs: district, year, I or E, serial";
    IE_FLAG "ieFlag" "进出口标记" "import or export" list IeFlag, "I 进口 E 出口" "I import, E export";
    DECL_TIME "declTime" "申报日期" "day of declaration" form Day,
        "以海关接受日期为准" "customs records its own day";
    CUSTOMS_CODE "customsCode" "申报地海关代码" "customs district of declaration" list CustomsDistrict;
    PORT_CODE "portCode" "口岸海关代码" "customs district of the border" list CustomsDistrict,
        "货物实际进出境口岸" "where the goods cross the border";
    IMPORT_DATE "ieDate" "进口日期" "day of import" form Day, "未知可空" "empty if not known";
    EXPORT_DATE "ieDate" "出口日期" "day of export" form Day;
    AGENT_CODE "agentCode" "申报企业代码" "declarant code" form Enterprise;
    AGENT_NAME "agentName" "申报企业名称" "declarant name", "登记名称" "the registered name";
    AREA_CODE "areaCode" "区内企业代码" "zone firm code" form Enterprise,
        "保税模式必填" "required in bonded mode";
    AREA_NAME "areaName" "区内企业名称" "zone firm name", "保税模式必填" "required in bonded mode";
    IAC_CODE "iacCode" "区内企业代码" "zone firm code" form Enterprise,
        "特殊区域出口必填" "required for export from a special zone";
    IAC_NAME "iacName" "区内企业名称" "zone firm name",
        "特殊区域出口必填" "required for export from a special zone";
    OWNER_CODE "ownerCode" "生产销售企业代码" "producer or seller code" form EnterpriseOrNone,
        "未登记填 NO" "NO if not registered";
    OWNER_NAME "ownerName" "生产销售企业名称" "producer or seller name";
    TRADE_MODE "tradeMode" "贸易方式" "trade mode" list TradeMode;
    TRAF_MODE "trafMode" "运输方式" "transport mode" list TransportMode;
    TRAF_NO "trafNo" "运输工具编号" "number of the vehicle or vessel";
    TRAF_NAME "trafName" "运输工具名称" "name of the vehicle or vessel",
        "与承运人舱单一致" "as in the carrier's manifest";
    VOYAGE_NO "voyageNo" "航班航次号" "voyage or flight number";
    DOMESTIC_TRAF_NO "domesticTrafNo" "境内运输工具编号" "domestic vehicle number",
        "如车牌号" "such as a lorry's plate";
    LOCT_NO "loctNo" "监管场所代码" "supervised place code",
        "同一关区有多个场所时填写" "when one district has several places";
    LICENSE_NO "licenseNo" "许可证件号" "licence number";
    POD "POD" "指运港代码" "port of destination", "不能确定时填最有可能的港口" "the likeliest port if not certain";
    F_CURRENCY "fCurrency" "运费币制" "freight currency" list Currency;
    F_FLAG "fFlag" "运费标志" "freight flag", "3 总价" "3, total";
    I_CURRENCY "iCurrency" "保费币制" "insurance currency" list Currency;
    I_FLAG "iFlag" "保费标志" "insurance flag", "3 总价" "3, total";
    WRAP_TYPE "wrapType" "包装种类代码" "package type" list WrapType;
    ITEM_RECORD_NO "itemRecordNo" "账册备案料号" "account book item number";
    GCODE "gcode" "商品编码" "HS code" form HsCode,
        "10 位：8 位税号＋2 位附加编号" "10 digits: 8 of the tariff and 2 of suffix";
    GNAME "gname" "商品名称" "goods name";
    REASON_CANCEL "reason" "撤单原因" "reason for cancelling";
    REASON_RETURN "reason" "退货原因" "reason for the return";
    OPERATOR_CODE "operatorCode" "监管场所经营人代码" "place operator code" form Enterprise;
    OPERATOR_NAME "operatorName" "监管场所经营人名称" "place operator name", "登记名称" "the registered name";
    RKD_NO "rkdNo" "入库单编号" "warehousing sheet number", "海关生成" "made by customs";
    UNLOAD_LOCATION "unloadLocation" "卸货库位" "unloading location";
    LOCATION "location" "仓储位置" "place of stacking";
    STATISTICS_FLAG "statisticsFlag" "申报业务类型" "kind of declaration" list StatisticsFlag,
        "A 简化申报 B 汇总申报" "A simplified, B summarised";
    TOTAL_PACKAGE_NO "totalPackageNo" "总包号" "bulk bag number",
        "邮件填邮包号" "the mail bag number for mail";
    MSG_COUNT "msgCount" "报文总数" "number of messages" form Count, "未拆分填 1" "1 if not split";
    MSG_SEQ_NO "msgSeqNo" "报文序号" "number of this message" form Count,
        "从 1 开始连续；未拆分填 1" "from 1 without gaps; 1 if not split";
    LEAVE_TIME "leaveTime" "离境时间" "time of departure" form Moment;
    RETURN_STATUS "returnStatus" "回执状态" "receipt status" list ReceiptStatus,
        "负数为处理异常；列表是开放的" "negative: processing failed; the list is open";
    RETURN_TIME "returnTime" "回执时间" "time of the receipt" form MomentMillis;
    RETURN_INFO "returnInfo" "回执信息" "receipt text";
    TAX_NO "taxNo" "电子税单编号" "tax bill number";
    CUSTOMS_TAX "customsTax" "应征关税" "duty due" form Money;
    VALUE_ADDED_TAX "valueAddedTax" "应征增值税" "VAT due" form Money;
    CONSUMPTION_TAX "consumptionTax" "应征消费税" "consumption tax due" form Money;
    TAX_STATUS "status" "税单状态" "tax bill status" list TaxBillStatus,
        "1 已生成 2 已汇总 3 作废" "1 made, 2 summarised, 3 void";
    ENT_DUTY_NO "entDutyNo" "缴款书编号" "duty payment notice number";
    TAX_PRICE "taxPrice" "完税总价格" "customs value of the line" form Money;
    ORI_COP_MSG_ID "oriCopMsgId" "原始传输报文的 copMsgId" "CopMsgId of the envelope sent";
    ORI_MESSAGE_TYPE "oriMessageType" "原始报文类型" "type of the message sent",
        "如 CEB311Message，或 Unknown" "such as CEB311Message, or Unknown";
    ORI_BIZ_MESSAGE "oriBizMessage" "原始报文内容" "text of the message sent";
    SUM_NO "sumNo" "汇总申请编号" "summary application number", "海关生成" "made by customs";
    DECL_AGENT_CODE "declAgentCode" "报关单位代码" "customs broker code" form Enterprise,
        "办理后续报关的单位" "who files the later declaration";
    DECL_AGENT_NAME "declAgentName" "报关单位名称" "customs broker name", "登记名称" "the registered name";
    START_TIME "startTime" "汇总开始时间" "summary from" form Moment,
        "与结束时间成对；填写后不看表体" "with the end time; the lines are then ignored";
    END_TIME "endTime" "汇总结束时间" "summary to" form Moment, "不早于开始时间" "not before the start";
    SUMMARY_FLAG "summaryFlag" "收发货人汇总标志" "summary by whom" list SummaryFlag,
        "1 按收发货人 2 按收发货人＋生产销售单位" "1 by consignor, 2 by consignor and producer";
    ITEM_NAME_FLAG "itemNameFlag" "按商品名汇总标志" "summary by item name" list ItemNameFlag,
        "1 企业商品名称相同" "1, the same item name";
    OP_DATE "opDate" "汇总处理时间" "time of the summary" form MomentMillis;
    DECL_SEQ_NO "declSeqNo" "汇总统一编号" "summary unified number",
        "与报关单一一对应" "one customs declaration each";
    DEC_TMP_NO "decTmpNo" "电子口岸暂存编号" "declaration draft number";
    DEC_PRE_NO "decPreNo" "电子口岸预录入编号" "declaration pre-entry number";
    ENTRY_ID "entryId" "报关单编号" "declaration number";
    DEC_STATE "decState" "报关单状态" "declaration state", "取值由海关确定" "values are set by customs";
    GSEQNO "gseqno" "汇总结果单顺序号" "line number in the result" form Line;
    COP_CODE "copCode" "传输企业代码" "code of the firm that transmits" form Enterprise,
        "须与客户端绑定的企业一致" "the firm bound to the client";
    COP_NAME "copName" "传输企业名称" "name of the firm that transmits";
    DXP_MODE "dxpMode" "报文传输模式" "transport mode of the message" list DxpMode,
        "固定填 DXP" "always DXP";
    DXP_ID "dxpId" "报文传输编号" "DXP number",
        "电子口岸发给；须与信封 SenderId 一致" "issued by the e-port; equals the envelope's SenderId";
    SUBSCRIPTION "status" "订阅内容" "what is subscribed" list SubscriptionStatus,
        "ALL 数据与回执 DATA 数据 RET 回执" "ALL data and receipts, DATA, RET receipts";
    DXP_ADDRESS "dxpAddress" "订阅方传输编号" "DXP number of the subscriber";
    EXTENSION_NAME "name" "自定义报文名称" "name of the firm's own message";
    EXTENSION_VERSION "version" "自定义报文版本" "version of the firm's own message";
}
