//! Signing certificates of a firm over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kernel::Time;
use serde::{Deserialize, Serialize};
use web::{ApiError, App, Caller, Command, Path};

use super::{none, owned, words};
use crate::party::flow::{self, Failure};
use crate::party::types::*;

/// 登记证书 / A certificate to register.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateRequest {
    /// X.509 证书,PEM 或 DER 的 Base64 / X.509 as PEM, or DER in base 64.
    #[schema(example = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----")]
    certificate: String,
    /// 用途 / Purpose: messages (default) or payment_records.
    purpose: Option<String>,
}

/// 签名证书 / A signing certificate.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct CertificateView {
    /// 编号 / Id.
    #[schema(value_type = String, example = "crt_01k9y7x2m4a80")]
    id: CertificateId,
    /// 序列号(十六进制) / Serial number, hexadecimal.
    serial: String,
    /// 指纹:DER 的 SM3 / SM3 of the DER bytes.
    fingerprint: String,
    /// 密钥算法 / Key algorithm.
    #[schema(example = "SM2")]
    algorithm: String,
    /// 持有人(脱敏) / Holder, masked.
    holder: String,
    /// 颁发者 / Issuer.
    issuer: String,
    /// 生效时间 / Valid from.
    not_before: String,
    /// 失效时间 / Valid until.
    not_after: String,
    /// 用途 / Purpose.
    purpose: &'static str,
    /// 状态 / State: active, not_yet, expired or revoked.
    state: &'static str,
    /// 撤销时间 / When it was revoked.
    revoked_at: Option<String>,
}

impl CertificateView {
    fn of(certificate: &Certificate, now: Time) -> CertificateView {
        let state = match certificate.revoked_at {
            Some(at) if at <= now => "revoked",
            _ if now < certificate.not_before => "not_yet",
            _ if now > certificate.not_after => "expired",
            _ => "active",
        };
        CertificateView {
            id: certificate.id,
            serial: certificate.serial.to_string(),
            fingerprint: certificate.fingerprint.to_string(),
            algorithm: certificate.algorithm.to_string(),
            holder: certificate.holder.to_string(),
            issuer: certificate.issuer.to_string(),
            not_before: certificate.not_before.to_rfc3339(),
            not_after: certificate.not_after.to_rfc3339(),
            purpose: certificate.purpose.name(),
            state,
            revoked_at: certificate.revoked_at.map(Time::to_rfc3339),
        }
    }
}

/// 证书列表 / List the certificates of a firm
#[utoipa::path(
    get, path = "/api/v1/parties/{code}/certificates", operation_id = "list_certificates",
    params(("code" = String, Path, description = "信用代码或海关编码 / either code of the firm")),
    responses((status = 200, body = Vec<CertificateView>)),
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<axum::Json<Vec<CertificateView>>, ApiError> {
    let certificates = app
        .read(move |tx| {
            let party = owned(tx, &caller, &code)?.party;
            Ok::<_, Failure>(flow::certificates(tx, party.id)?)
        })
        .await?;
    let now = app.clock.now();
    let views = certificates.iter().map(|certificate| CertificateView::of(certificate, now));
    Ok(axum::Json(views.collect()))
}

/// 登记证书 / Register a certificate
///
/// 同一证书再次登记返回原登记。 The same certificate again gives the first registration.
#[utoipa::path(
    post, path = "/api/v1/parties/{code}/certificates", operation_id = "register_certificate",
    params(("code" = String, Path, description = "信用代码或海关编码 / either code of the firm")),
    request_body = CertificateRequest, responses((status = 201, body = CertificateView)),
)]
pub(super) async fn register(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    command: Command<CertificateRequest>,
) -> Result<Response, ApiError> {
    let Command { body: CertificateRequest { certificate, purpose }, mark } = command;
    let mut findings = Vec::new();
    let every: Purposes = Purpose::ALL.iter().copied().collect();
    let named: Vec<String> = purpose.into_iter().collect();
    let purposes: Vec<Purpose> =
        words("purpose", &named, Purpose::parse, &every.names(), &mut findings);
    none(findings)?;
    let purpose = purposes.first().copied().unwrap_or(Purpose::Messages);
    let asking = caller.clone();
    app.once(&caller, mark, move |tx, ctx| {
        owned(tx, &asking, &code)?;
        let bytes = certificate.as_bytes();
        let registered = flow::register_certificate(tx, ctx, &code, bytes, purpose)?;
        let view = CertificateView::of(&registered, ctx.now);
        Ok::<_, Failure>((StatusCode::CREATED, view))
    })
    .await
}

/// 撤销 / A revocation.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeCertificateRequest {
    /// 理由 / Reason.
    reason: String,
}

/// 撤销证书 / Revoke a certificate
///
/// 此后用它签名的报文被拒。 Messages signed with it from now on are refused.
#[utoipa::path(
    post, path = "/api/v1/parties/{code}/certificates/{id}/revoke",
    operation_id = "revoke_certificate",
    params(
        ("code" = String, Path, description = "信用代码或海关编码 / either code of the firm"),
        ("id" = String, Path, description = "证书编号 / id of the certificate"),
    ),
    request_body = RevokeCertificateRequest, responses((status = 200, body = CertificateView)),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path((code, id)): Path<(String, CertificateId)>,
    command: Command<RevokeCertificateRequest>,
) -> Result<Response, ApiError> {
    let Command { body, mark } = command;
    let asking = caller.clone();
    app.once(&caller, mark, move |tx, ctx| {
        owned(tx, &asking, &code)?;
        let revoked = flow::revoke_certificate(tx, ctx, &code, id, &body.reason)?;
        Ok::<_, Failure>((StatusCode::OK, CertificateView::of(&revoked, ctx.now)))
    })
    .await
}
