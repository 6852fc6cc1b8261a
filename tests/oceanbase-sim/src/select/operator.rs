//! The operators and functions of expressions.

#[derive(Clone, Copy, Debug)]
pub(super) enum Logic {
    And,
    Or,
    Xor,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    /// `<=>`: two `NULL` are equal.
    Same,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
    WholeOver,
    Modulo,
}

impl Arithmetic {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Over => "/",
            Self::WholeOver => "DIV",
            Self::Modulo => "%",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    Coalesce,
    NullIf,
    Concat,
    Lower,
    Upper,
    TimeToUsec,
    UsecToTime,
    ScnToTimestamp,
    TimestampToScn,
    Abs,
    Round(u8),
    Truncate(u8),
    /// `CAST(x AS CHAR[(n)])`.
    ToText(Option<usize>),
    ToSigned,
    ToUnsigned,
    ToDecimal,
    ToDateTime,
}
