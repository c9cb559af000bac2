//! What can be wrong with a request, in words for those who must mend it.

use kernel::{Finding, Text};

/// A value that is missing.
pub(crate) fn missing(path: &str, expected: &str) -> Finding {
    Finding::error(
        "tax.missing",
        Text::new("缺少必填项", "a required value is missing"),
        Text::new("补上该项", "add the value"),
    )
    .at(path)
    .found("", expected)
}

/// A value of the wrong kind, or one that cannot be read.
pub(crate) fn format(path: &str, found: &str, expected: &str) -> Finding {
    Finding::error(
        "tax.format",
        Text::new("值的格式不对", "the value is not of the kind expected"),
        Text::new(
            "小数以字符串给出, 例如 \"279.00\"",
            "give decimals as strings such as \"279.00\"",
        ),
    )
    .at(path)
    .found(found, expected)
}

/// A name that is not part of a request.
pub(crate) fn unknown(path: &str, known: &str) -> Finding {
    Finding::error(
        "tax.unknown_field",
        Text::new("未知的字段", "an unknown field"),
        Text::new("核对字段名的拼写", "check the spelling of the name"),
    )
    .at(path)
    .found(path.rsplit('.').next().unwrap_or(path), known)
}

/// A number outside its range.
pub(crate) fn range(path: &str, found: impl ToString, expected: &str) -> Finding {
    Finding::error(
        "tax.range",
        Text::new("数值超出允许范围", "the number is out of range"),
        Text::new("核对该数值", "check the number"),
    )
    .at(path)
    .found(found.to_string(), expected)
}

/// A mode in which retail goods do not come in.
pub(crate) fn mode(found: &str, expected: &str) -> Finding {
    Finding::error(
        "tax.mode",
        Text::new("不是零售进口的监管方式", "not a supervision mode of retail import"),
        Text::new("选用零售进口的监管方式", "use one of the modes of retail import"),
    )
    .at("mode")
    .found(found, expected)
}

/// A code the tariff does not know, without rates beside it.
pub(crate) fn unknown_hs_code(path: &str, found: &str) -> Finding {
    Finding::error(
        "tax.hs_code_unknown",
        Text::new("税则中没有该商品编码", "the tariff has no such code on that day"),
        Text::new(
            "核对10位商品编码, 或在 rates 中给出税率, 或导入完整税则",
            "check the ten digits, give the rates, or load a full tariff",
        ),
    )
    .at(path)
    .found(found, "a code of the tariff, or rates.vat given")
}

/// A code that is not on the positive list.
pub(crate) fn off_list(path: &str, found: &str) -> Finding {
    Finding::error(
        "tax.not_on_positive_list",
        Text::new(
            "该商品不在跨境电商零售进口商品清单内",
            "the goods are not on the positive list of retail import",
        ),
        Text::new("按一般贸易或其他方式进口", "import them as general trade or in another way"),
    )
    .at(path)
    .found(found, "a line of the positive list")
}

/// A line of the positive list that is open to bonded stock only.
pub(crate) fn bonded_only(path: &str, found: &str) -> Finding {
    Finding::error(
        "tax.bonded_only",
        Text::new(
            "该商品仅限网购保税进口",
            "the positive list admits these goods as bonded stock only",
        ),
        Text::new("改用网购保税方式", "use a bonded mode"),
    )
    .at(path)
    .found(found, "a bonded mode")
}

/// A line of the positive list that admits only part of its goods.
pub(crate) fn conditional(path: &str, note: &Text) -> Finding {
    Finding::warning(
        "tax.positive_list_note",
        Text::new(
            format!("正面清单对该商品有备注: {}", note.zh),
            format!("the positive list restricts these goods: {}", note.en),
        ),
        Text::new("确认商品符合备注", "make sure the goods meet the remark"),
    )
    .at(path)
}

/// Goods outside the positive list quoted at rates the asker gave.
pub(crate) fn off_list_at_own_rates(path: &str, found: &str) -> Finding {
    let error = off_list(path, found);
    Finding::warning(error.code, error.message, error.remedy)
        .at(path)
        .found(found, "a line of the positive list")
}

/// A rate without which the tax cannot be computed.
pub(crate) fn rate_missing(path: &str, what: Text) -> Finding {
    Finding::error(
        "tax.rate_missing",
        what,
        Text::new("在 rates 中给出税率", "give the rate in rates"),
    )
    .at(path)
    .found("", "a fraction such as \"0.13\"")
}

/// A quantity without which a threshold or a specific tax cannot be computed.
pub(crate) fn quantity_missing(path: &str, expected: &str) -> Finding {
    Finding::error(
        "tax.quantity_missing",
        Text::new(
            "缺少判定消费税所需的含量或件数",
            "the content or number of pieces that decides the consumption tax is missing",
        ),
        Text::new(
            "按包装标注给出整行的净含量 (克或毫升) 或片数",
            "give the net content (g or ml) or the number of pieces of the whole line as labelled",
        ),
    )
    .at(path)
    .found("", expected)
}

/// Net content and pieces are both given and would decide differently.
pub(crate) fn judged_by_content(path: &str) -> Finding {
    Finding::warning(
        "tax.judged_by_content",
        Text::new(
            "同时给出净含量和片数且结论不同, 已按净含量判定",
            "net content and pieces are both given and disagree; net content was used",
        ),
        Text::new(
            "包装以片 (张) 标注的商品只给 pieces",
            "for goods labelled by piece or sheet give pieces alone",
        ),
    )
    .at(path)
}

/// A rule says something this program does not know how to do.
pub(crate) fn rule_unknown(id: &str, found: &str, expected: &str) -> Finding {
    Finding::error(
        "tax.rule_unknown",
        Text::new("规则取值无法识别", "the value of a rule is not understood"),
        Text::new("核对规则文件", "check the rules directory"),
    )
    .at(id)
    .found(found, expected)
}

/// The numbers are too large or too fine to compute with exactly.
pub(crate) fn overflow(path: &str) -> Finding {
    Finding::error(
        "tax.overflow",
        Text::new("数值过大或小数位过多, 无法精确计算", "too large or too fine to compute exactly"),
        Text::new("核对金额与数量", "check amounts and quantities"),
    )
    .at(path)
}
