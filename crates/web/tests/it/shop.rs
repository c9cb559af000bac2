//! A small room to test the door with: things that belong to firms.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use db::{Ctx, DbError, Migration, Tx, params};
use kernel::{Finding, Text};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;
use web::{ApiError, App, Caller, Command, Failure, List, Module, Page, PageParams, Path};
use web::{Refusal, Routes, Scope};

pub(crate) fn module() -> Module {
    Module {
        name: "shop",
        about: ("测试", "For tests"),
        migrations: &[Migration {
            room: "shop",
            number: 1,
            name: "thing",
            sql: "CREATE TABLE shop_thing (id BIGINT PRIMARY KEY, party TEXT NOT NULL, \
                  name TEXT NOT NULL); CREATE UNIQUE INDEX shop_thing_name ON shop_thing (name);",
        }],
        routes: || {
            Routes::new()
                .on(Scope::ClearanceRead, routes!(list))
                .on(Scope::ClearanceWrite, routes!(add))
                .on(Scope::ClearanceRead, routes!(one))
                .on(Scope::ClearanceRead, routes!(crash))
                .on(Scope::ClearanceRead, routes!(hang))
        },
        checks: &[web::Check {
            name: "shelf",
            run: |app| app.shared::<Shelf>().map_or(Ok(()), full),
        }],
    }
}

/// Shared by a test that wants the room to be unwell.
pub(crate) struct Shelf;

fn full(_: std::sync::Arc<Shelf>) -> Result<(), Text> {
    Err(Text::new("货架已满", "the shelf is full"))
}

pub(crate) enum Kind {}
impl kernel::id::Kind for Kind {
    const PREFIX: &'static str = "thg";
}
type ThingId = kernel::Id<Kind>;

#[derive(Debug)]
pub(crate) enum ShopRefusal {
    Forbidden,
}

impl Refusal for ShopRefusal {
    fn code(&self) -> &'static str {
        "shop.forbidden_goods"
    }
    fn text(&self) -> Text {
        Text::new("禁售", "these goods are not sold")
    }
    fn remedy(&self) -> Text {
        Text::new("请更换商品", "choose other goods")
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AddRequest {
    name: String,
    count: u32,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Thing {
    #[schema(value_type = String)]
    id: ThingId,
    name: String,
}

#[derive(Deserialize, utoipa::IntoParams)]
struct Filter {
    name: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/things", params(PageParams, Filter),
    responses((status = 200, body = Page<Thing>)),
)]
async fn list(
    State(app): State<App>,
    caller: Caller,
    list: List<Filter>,
) -> Result<axum::Json<Page<Thing>>, ApiError> {
    let after = list.after::<ThingId>(&app, "things")?.map_or(0, ThingId::to_i64);
    let (fetch, limit) = (list.fetch(), list.limit);
    let name = list.filter.name.unwrap_or_default();
    let things = app
        .read(move |tx| -> Result<Vec<Thing>, DbError> {
            let rows = tx.query(
                "SELECT id, name FROM shop_thing WHERE id > $1 AND ($2 = '' OR party = $2) \
                 AND ($3 = '' OR name = $3) ORDER BY id LIMIT $4",
                params![after, caller.party().unwrap_or_default(), name.as_str(), fetch],
            )?;
            let thing = |row: &db::Row| Ok(Thing { id: row.id(0)?, name: row.text(1)?.into() });
            rows.iter().map(thing).collect()
        })
        .await?;
    Ok(axum::Json(Page::cut(&app, "things", things, limit, |thing| thing.id)))
}

#[utoipa::path(
    post, path = "/api/v1/things", params(web::IdempotencyParams), request_body = AddRequest,
    responses((status = 201, body = Thing)),
)]
async fn add(
    State(app): State<App>,
    caller: Caller,
    command: Command<AddRequest>,
) -> Result<Response, ApiError> {
    let party = caller.firm()?.to_owned();
    let flow = move |tx: &mut Tx, ctx: &Ctx| add_thing(tx, ctx, &party, command.body);
    app.once(&caller, command.mark, flow).await
}

fn add_thing(
    tx: &mut Tx,
    ctx: &Ctx,
    party: &str,
    request: AddRequest,
) -> Result<(StatusCode, Thing), Failure<ShopRefusal>> {
    if request.count == 0 || request.name.is_empty() {
        let finding = |field: &str| {
            Finding::error("shop.empty", Text::new("空", "empty"), Text::default()).at(field)
        };
        return Err(Failure::Findings(vec![finding("count"), finding("name")]));
    }
    if request.name == "刀" {
        return Err(ShopRefusal::Forbidden.into());
    }
    let id: ThingId = ctx.id();
    tx.execute(
        "INSERT INTO shop_thing (id, party, name) VALUES ($1, $2, $3)",
        params![id, party, request.name.as_str()],
    )?;
    Ok((StatusCode::CREATED, Thing { id, name: request.name }))
}

#[utoipa::path(
    get, path = "/api/v1/things/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Thing)),
)]
async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ThingId>,
) -> Result<axum::Json<Thing>, ApiError> {
    let found = app
        .read(move |tx| {
            tx.query_opt("SELECT party, name FROM shop_thing WHERE id = $1", params![id])
        })
        .await?
        .ok_or_else(ApiError::not_found)?;
    caller.must_see(found.text(0)?)?;
    Ok(axum::Json(Thing { id, name: found.text(1)?.into() }))
}

#[utoipa::path(get, path = "/api/v1/things-crash", responses((status = 200)))]
async fn crash() {
    panic!("the shelf fell over");
}

#[utoipa::path(get, path = "/api/v1/things-hang", responses((status = 200)))]
async fn hang() {
    std::future::pending::<()>().await;
}
