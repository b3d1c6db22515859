//! What is said of where codes go.

/// Where codes go.
pub(in crate::http::account) struct Contact {
    pub(in crate::http::account) title: &'static str,
    pub(in crate::http::account) lead: &'static str,
    pub(in crate::http::account) none: &'static str,
    pub(in crate::http::account) change: &'static str,
    pub(in crate::http::account) now: &'static str,
    /// Of e-mail addresses, of telephone numbers, of both; so are the next two.
    pub(in crate::http::account) addresses: [&'static str; 3],
    pub(in crate::http::account) hints: [&'static str; 3],
    /// Of what is none of them.
    pub(in crate::http::account) unfit: [&'static str; 3],
    pub(in crate::http::account) submit: &'static str,
    /// Minutes.
    pub(in crate::http::account) too_many: fn(u32) -> String,
    pub(in crate::http::account) undelivered: &'static str,
    pub(in crate::http::account) code_title: &'static str,
    pub(in crate::http::account) code_lead: &'static str,
    pub(in crate::http::account) code: &'static str,
    pub(in crate::http::account) confirm: &'static str,
    pub(in crate::http::account) other: &'static str,
    pub(in crate::http::account) wrong: &'static str,
    /// The factor of a new key.
    pub(in crate::http::account) sent: &'static str,
    pub(in crate::http::account) sent_hint: &'static str,
}

pub(super) const EN: Contact = Contact {
    title: "Where your codes go",
    lead: "Codes for your signatures are sent there, where a key needs one, and word of requests that wait for you.",
    none: "No address so far.",
    change: "Change",
    now: "Now",
    addresses: ["E-mail address", "Telephone number", "E-mail address or telephone number"],
    hints: [
        "An e-mail address, as in ana@example.org.",
        "A telephone number with its country, as in +351 912 345 678.",
        "An e-mail address, or a telephone number with its country, as in +351 912 345 678.",
    ],
    unfit: [
        "This service sends codes by e-mail only: this is no e-mail address.",
        "This service sends codes to telephones only: this is no telephone number with its country.",
        "This is neither an e-mail address nor a telephone number with its country.",
    ],
    submit: "Send a code there",
    too_many: |minutes| format!("Too many codes were sent. Try again in {minutes} min."),
    undelivered: "The code could not be sent. Check the address, or try again later.",
    code_title: "Confirm the address",
    code_lead: "We sent a code to",
    code: "Code",
    confirm: "Confirm",
    other: "Another address",
    wrong: "The code is wrong. Check it and try again.",
    sent: "PIN and a code that is sent to you",
    sent_hint: "Also a six-digit code, at every approval, sent to",
};

pub(super) const PT: Contact = Contact {
    title: "Para onde vão os seus códigos",
    lead: "Para aí vão os códigos das suas assinaturas, quando uma chave os pede, e os avisos de pedidos à sua espera.",
    none: "Ainda não há endereço.",
    change: "Mudar",
    now: "Agora",
    addresses: ["Endereço de correio eletrónico", "Número de telefone", "Endereço de correio eletrónico ou telefone"],
    hints: [
        "Um endereço de correio eletrónico, como ana@example.org.",
        "Um número de telefone com indicativo do país, como +351 912 345 678.",
        "Um endereço de correio eletrónico ou um número de telefone com indicativo do país, como +351 912 345 678.",
    ],
    unfit: [
        "Este serviço só envia códigos por correio eletrónico: isto não é um endereço.",
        "Este serviço só envia códigos para telefones: isto não é um número com indicativo do país.",
        "Isto não é um endereço de correio eletrónico nem um número de telefone com indicativo do país.",
    ],
    submit: "Enviar um código",
    too_many: |minutes| format!("Foram enviados demasiados códigos. Tente de novo daqui a {minutes} min."),
    undelivered: "Não foi possível enviar o código. Verifique o endereço ou tente mais tarde.",
    code_title: "Confirmar o endereço",
    code_lead: "Enviámos um código para",
    code: "Código",
    confirm: "Confirmar",
    other: "Outro endereço",
    wrong: "O código está errado. Verifique-o e tente de novo.",
    sent: "PIN e um código que lhe é enviado",
    sent_hint: "Também um código de seis dígitos, em cada aprovação, enviado para",
};
