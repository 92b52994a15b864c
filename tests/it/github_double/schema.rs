//! GitHub's own GraphQL schema. A query with a field, an argument or a variable that it does not
//! know is refused; an answer is cut to what was asked for, and judged by the same schema. Cut by
//! `tests/fixtures/github/cut_graphql.py`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_graphql_parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, Field, FieldDefinition, OperationType,
    Selection, SelectionSet, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql_parser::{parse_query, parse_schema};
use serde_json::{Map, Value};

static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| Schema::read(include_str!("../../fixtures/github/schema-subset.graphql")));

struct Schema(BTreeMap<String, TypeDefinition>);

/// A query that conforms, with its variables.
pub(super) struct Query {
    document: ExecutableDocument,
    variables: Map<String, Value>,
}

impl Query {
    /// Reads the body of a request, or names every law that it breaks.
    pub(super) fn read(body: &Value) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let keys = body.as_object().into_iter().flat_map(Map::keys);
        let strange = keys.filter(|it| !matches!(it.as_str(), "query" | "variables"));
        wrong.extend(strange.map(|it| format!("graphql: unknown key {it}")));
        let document = parse_query(body["query"].as_str().unwrap_or_default());
        let document = document.map_err(|e| vec![format!("graphql: {e}")])?;
        let variables = body["variables"].as_object().cloned().unwrap_or_default();
        let query = Self { document, variables };
        query.judge(&mut wrong);
        if wrong.is_empty() { Ok(query) } else { Err(wrong) }
    }

    fn selection(&self) -> Option<&SelectionSet> {
        match &self.document.operations {
            DocumentOperations::Single(it) if it.node.ty == OperationType::Query => {
                Some(&it.node.selection_set.node)
            }
            _ => None,
        }
    }

    fn judge(&self, wrong: &mut Vec<String>) {
        let (DocumentOperations::Single(operation), Some(selection)) =
            (&self.document.operations, self.selection())
        else {
            return wrong.push("graphql: not one query, and nothing else".to_owned());
        };
        let declared = &operation.node.variable_definitions;
        for variable in declared.iter().map(|it| &it.node) {
            let name = variable.name.node.as_str();
            let value = self.variables.get(name).unwrap_or(&Value::Null);
            if !fits(&variable.var_type.node, value) {
                let wanted = &variable.var_type.node;
                wrong.push(format!("graphql: variable {name} is {value} and not {wanted}"));
            }
        }
        let known = |name: &&String| declared.iter().any(|it| it.node.name.node == name.as_str());
        let unknown = self.variables.keys().filter(|it| !known(it));
        wrong.extend(unknown.map(|it| format!("graphql: variable {it} is not declared")));
        judge_selection("Query", selection, wrong);
    }

    /// The part of `data` that was asked for, and what is wrong with it.
    pub(super) fn answer(&self, data: &Value) -> (Value, Vec<String>) {
        let mut wrong = Vec::new();
        let mut chosen = Map::new();
        if let Some(selection) = self.selection() {
            choose("Query", selection, data, &mut chosen, &mut wrong);
        }
        (Value::Object(chosen), wrong)
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> &Value {
        self.variables.get(name).unwrap_or(&Value::Null)
    }

    /// Whether the query asks for this field with these very arguments, as it is written.
    pub(super) fn asks(&self, field: &str) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(selection) = self.selection() {
            fields(selection, &mut |it| {
                if it.name.node == field {
                    let arguments = it.arguments.iter();
                    let written = arguments.map(|(name, value)| format!("{name}: {}", value.node));
                    found.push(written.collect::<Vec<_>>().join(", "));
                }
            });
        }
        found
    }
}

fn fields(selection: &SelectionSet, found: &mut dyn FnMut(&Field)) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => {
                found(&field.node);
                fields(&field.node.selection_set.node, found);
            }
            Selection::InlineFragment(it) => fields(&it.node.selection_set.node, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn judge_selection(parent: &str, selection: &SelectionSet, wrong: &mut Vec<String>) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => judge_field(parent, &field.node, wrong),
            Selection::InlineFragment(it) => {
                let on = it.node.type_condition.as_ref().map(|it| it.node.on.node.as_str());
                let on = on.unwrap_or(parent);
                if SCHEMA.0.contains_key(on) {
                    judge_selection(on, &it.node.selection_set.node, wrong);
                } else {
                    wrong.push(format!("graphql: no type {on}"));
                }
            }
            Selection::FragmentSpread(_) => wrong.push("graphql: a named fragment".to_owned()),
        }
    }
}

fn judge_field(parent: &str, field: &Field, wrong: &mut Vec<String>) {
    let name = field.name.node.as_str();
    let selection = &field.selection_set.node;
    if name == "__typename" {
        return;
    }
    let Some(definition) = SCHEMA.field(parent, name) else {
        return wrong.push(format!("graphql: {parent} has no field {name}"));
    };
    let known =
        |argument: &str| definition.arguments.iter().any(|it| it.node.name.node == argument);
    for (argument, _) in field.arguments.iter().filter(|(it, _)| !known(&it.node)) {
        wrong.push(format!("graphql: {parent}.{name} has no argument {argument}"));
    }
    for argument in definition.arguments.iter().map(|it| &it.node) {
        let required = !argument.ty.node.nullable && argument.default_value.is_none();
        if required && field.get_argument(&argument.name.node).is_none() {
            wrong.push(format!("graphql: {parent}.{name} needs {}", argument.name.node));
        }
    }
    let of = innermost(&definition.ty.node.base);
    match (SCHEMA.is_composite(of), selection.items.is_empty()) {
        (true, true) => wrong.push(format!("graphql: {parent}.{name} needs a selection")),
        (false, false) => wrong.push(format!("graphql: {parent}.{name} has no fields")),
        _ => judge_selection(of, selection, wrong),
    }
}

fn choose(
    parent: &str,
    selection: &SelectionSet,
    data: &Value,
    chosen: &mut Map<String, Value>,
    wrong: &mut Vec<String>,
) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                let Some(definition) = SCHEMA.field(parent, name) else { continue };
                let inner = &field.node.selection_set.node;
                let value = chosen_value(&definition.ty.node, inner, &data[name], wrong);
                if !fits(&definition.ty.node, &value) {
                    wrong.push(format!("{parent}.{name} is {value} and not {}", definition.ty));
                }
                chosen.insert(name.to_owned(), value);
            }
            Selection::InlineFragment(it) => {
                let on = it.node.type_condition.as_ref().map(|it| it.node.on.node.as_str());
                let on = on.unwrap_or(parent);
                if SCHEMA.is_a(parent, on) {
                    choose(parent, &it.node.selection_set.node, data, chosen, wrong);
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn chosen_value(of: &Type, inner: &SelectionSet, value: &Value, wrong: &mut Vec<String>) -> Value {
    match (&of.base, value) {
        (BaseType::List(of), Value::Array(items)) => {
            items.iter().map(|it| chosen_value(of, inner, it, wrong)).collect()
        }
        (BaseType::Named(name), Value::Object(_)) => {
            let concrete = value["__typename"].as_str().unwrap_or(name.as_str());
            let mut chosen = Map::new();
            choose(concrete, inner, value, &mut chosen, wrong);
            Value::Object(chosen)
        }
        _ => value.clone(),
    }
}

fn innermost(of: &BaseType) -> &str {
    match of {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(of) => innermost(&of.base),
    }
}

/// Whether a value can be of a type, as far as its JSON tells.
fn fits(of: &Type, value: &Value) -> bool {
    if value.is_null() {
        return of.nullable;
    }
    match &of.base {
        BaseType::List(of) => value.as_array().is_some_and(|it| it.iter().all(|it| fits(of, it))),
        BaseType::Named(name) => match name.as_str() {
            "Int" => value.as_i64().is_some_and(|it| i32::try_from(it).is_ok()),
            "String" | "ID" => value.is_string(),
            "Boolean" => value.is_boolean(),
            "DateTime" => value.as_str().is_some_and(|it| it.ends_with('Z')),
            other => SCHEMA.is_composite(other) == value.is_object(),
        },
    }
}

impl Schema {
    fn read(text: &str) -> Self {
        let document = parse_schema(text).unwrap();
        let types = document.definitions.into_iter().filter_map(|it| match it {
            TypeSystemDefinition::Type(it) => Some((it.node.name.node.to_string(), it.node)),
            _ => None,
        });
        Self(types.collect())
    }

    fn field(&self, of: &str, name: &str) -> Option<&FieldDefinition> {
        let fields = match &self.0.get(of)?.kind {
            TypeKind::Object(it) => &it.fields,
            TypeKind::Interface(it) => &it.fields,
            _ => return None,
        };
        fields.iter().map(|it| &it.node).find(|it| it.name.node == name)
    }

    fn is_composite(&self, name: &str) -> bool {
        let kind = self.0.get(name).map(|it| &it.kind);
        let composite = |it: &TypeKind| {
            matches!(it, TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
        };
        kind.is_some_and(composite)
    }

    /// Whether an object type is this type, or this interface.
    fn is_a(&self, object: &str, on: &str) -> bool {
        let implements = match self.0.get(object).map(|it| &it.kind) {
            Some(TypeKind::Object(it)) => it.implements.iter().any(|it| it.node == on),
            _ => false,
        };
        object == on || implements
    }
}
