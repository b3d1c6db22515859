//! JSON to BSON and back, without loss: an aggregate is a real sub-document, legible to the database's own tools.
//!
//! BSON has no unsigned 64-bit integer, so what does not fit into a signed one becomes a Decimal128. The driver's own
//! conversions are not used, nor its `Document`, which passes through them: they read extended JSON, in which an
//! aggregate's key `$oid` would turn into something else.

use mongodb::bson::{Decimal128, RawArrayBuf, RawBson, RawBsonRef, RawDocument, RawDocumentBuf, raw::CString};
use serde_json::{Map, Number, Value};

/// Why a value cannot be converted.
pub(super) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The JSON object `body` as a BSON document.
pub(super) fn from_json(body: &[u8]) -> Result<RawDocumentBuf, Fault> {
    to_document(serde_json::from_slice(body)?)
}

/// The BSON document as JSON.
pub(super) fn to_json(body: &RawDocument) -> Result<Vec<u8>, Fault> {
    Ok(serde_json::to_vec(&to_object(body)?)?)
}

/// Fails on a key with a NUL in it, which BSON cannot hold.
fn to_document(object: Map<String, Value>) -> Result<RawDocumentBuf, Fault> {
    let mut document = RawDocumentBuf::new();
    for (key, value) in object {
        document.append(CString::try_from(key)?, to_bson(value)?);
    }
    Ok(document)
}

fn to_bson(value: Value) -> Result<RawBson, Fault> {
    Ok(match value {
        Value::Null => RawBson::Null,
        Value::Bool(bool) => RawBson::Boolean(bool),
        Value::Number(number) => to_number(&number)?,
        Value::String(text) => RawBson::String(text),
        Value::Array(values) => RawBson::Array(to_array(values)?),
        Value::Object(object) => RawBson::Document(to_document(object)?),
    })
}

fn to_array(values: Vec<Value>) -> Result<RawArrayBuf, Fault> {
    let mut array = RawArrayBuf::new();
    for value in values {
        array.push(to_bson(value)?);
    }
    Ok(array)
}

fn to_number(number: &Number) -> Result<RawBson, Fault> {
    if let Some(integer) = number.as_i64() {
        return Ok(RawBson::Int64(integer));
    }
    if let Some(large) = number.as_u64() {
        return Ok(RawBson::Decimal128(large.to_string().parse()?));
    }
    number.as_f64().map(RawBson::Double).ok_or_else(|| "a number beyond all bounds".into())
}

fn to_object(document: &RawDocument) -> Result<Map<String, Value>, Fault> {
    let member = |member| {
        let (key, value): (&mongodb::bson::raw::CStr, _) = member?;
        Ok((key.as_str().to_owned(), to_value(value)?))
    };
    document.iter().map(member).collect()
}

fn to_value(bson: RawBsonRef<'_>) -> Result<Value, Fault> {
    Ok(match bson {
        RawBsonRef::Null => Value::Null,
        RawBsonRef::Boolean(bool) => Value::Bool(bool),
        RawBsonRef::Int64(integer) => integer.into(),
        RawBsonRef::Int32(integer) => integer.into(),
        RawBsonRef::Decimal128(large) => from_decimal(large)?,
        RawBsonRef::Double(float) => Value::Number(Number::from_f64(float).ok_or("not a JSON number")?),
        RawBsonRef::String(text) => Value::String(text.to_owned()),
        RawBsonRef::Array(array) => array.into_iter().map(|value| to_value(value?)).collect::<Result<_, _>>()?,
        RawBsonRef::Document(document) => Value::Object(to_object(document)?),
        other => return Err(format!("BSON type {:?} is not JSON", other.element_type()).into()),
    })
}

fn from_decimal(decimal: Decimal128) -> Result<Value, Fault> {
    Ok(decimal.to_string().parse::<u64>()?.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{from_json, to_json};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Any JSON value, a few levels deep; floats aside, whose text form is serde_json's affair.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (u64::MAX - 9..=u64::MAX).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("[^\0]{0,12}|\\$(oid|date|numberLong)", inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_object_comes_back_equal(value in any_value()) {
            let body = json!({ "value": value });
            let stored = from_json(&serde_json::to_vec(&body).unwrap()).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Value>(&to_json(&stored).unwrap()).unwrap(), body);
        }
    }

    #[test]
    fn what_bson_cannot_hold_is_refused() {
        assert!(from_json(b"[1]").is_err());
        assert!(from_json(b"{").is_err());
        assert!(from_json(br#"{"a\u0000b": 1}"#).is_err());
    }
}
