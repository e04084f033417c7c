//! Reads one JSON case per line and prints one JSON result per line.
//!
//! A case has `templates` (name to source), `render` (the name to render) and
//! `vars`; with `times` it is rendered that often and the result is the number
//! of nanoseconds that the fastest render took. With `inflector` the filters of the crate
//! Inflector are there too. With the argument
//! `transliterations` it prints what slugify makes of every character instead.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::io::{self, BufRead, BufWriter, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::Instant;

use inflector::Inflector;
use serde::{Deserialize, Serialize};
use tera::{Context, Tera, Value};

#[derive(Deserialize)]
struct Case {
    templates: BTreeMap<String, String>,
    render: String,
    #[serde(default)]
    vars: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    times: u32,
    #[serde(default)]
    inflector: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Output(String),
    Error(String),
    Panic(String),
    Nanoseconds(u128),
}

fn main() -> io::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("transliterations") {
        return transliterations();
    }
    // Panics of the crate are results; their messages belong there only.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&case))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            Outcome::Panic(text.unwrap_or_default())
        });
        serde_json::to_writer(&mut out, &outcome)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

fn run(case: &Case) -> Outcome {
    match render(case) {
        Ok(outcome) => outcome,
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(inner) = cause {
                text.push_str(": ");
                text.push_str(&inner.to_string());
                cause = inner.source();
            }
            Outcome::Error(text)
        }
    }
}

fn render(case: &Case) -> tera::Result<Outcome> {
    let mut tera = Tera::default();
    if case.inflector {
        add_inflector(&mut tera);
    }
    tera.add_raw_templates(case.templates.iter())?;
    let context = Context::from_value(serde_json::Value::Object(case.vars.clone()))?;
    if case.times == 0 {
        return tera.render(&case.render, &context).map(Outcome::Output);
    }
    let mut best = u128::MAX;
    for _ in 0..case.times {
        let start = Instant::now();
        std::hint::black_box(tera.render(&case.render, &context)?);
        best = best.min(start.elapsed().as_nanos());
    }
    Ok(Outcome::Nanoseconds(best))
}

fn add_inflector(tera: &mut Tera) {
    let filters: [(&str, fn(&str) -> String); 17] = [
        ("snake_case", |s| s.to_snake_case()),
        ("screaming_snake_case", |s| s.to_screaming_snake_case()),
        ("kebab_case", |s| s.to_kebab_case()),
        ("camel_case", |s| s.to_camel_case()),
        ("pascal_case", |s| s.to_pascal_case()),
        ("train_case", |s| s.to_train_case()),
        ("title_case", |s| s.to_title_case()),
        ("sentence_case", |s| s.to_sentence_case()),
        ("class_case", |s| s.to_class_case()),
        ("table_case", |s| s.to_table_case()),
        ("plural", |s| s.to_plural()),
        ("singular", |s| s.to_singular()),
        ("ordinalize", |s| s.ordinalize()),
        ("deordinalize", |s| s.deordinalize()),
        ("foreign_key", |s| s.to_foreign_key()),
        ("demodulize", |s| s.demodulize()),
        ("deconstantize", |s| s.deconstantize()),
    ];
    for (name, filter) in filters {
        tera.register_filter(name, move |v: &Value, _: &HashMap<String, Value>| {
            let s = v.as_str().ok_or_else(|| tera::Error::msg("not a string"))?;
            Ok(Value::String(filter(s)))
        });
    }
}

/// Prints the code of each character that slugify keeps something else of than
/// a dash, and, after a tab, what it keeps: ASCII letters, digits and dashes.
fn transliterations() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for c in '\u{80}'..=char::MAX {
        let Some(text) = deunicode::deunicode_char(c) else { continue };
        let mut kept = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                kept.push(c.to_ascii_lowercase());
            } else if !kept.ends_with('-') {
                kept.push('-');
            }
        }
        if kept != "-" {
            writeln!(out, "{:X}\t{kept}", c as u32)?;
        }
    }
    out.flush()
}
