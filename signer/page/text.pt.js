// Portuguese, as in Portugal. The keys are those of text.en.js, and a test says so.

export const text = {
  tag: 'pt-PT',
  name: 'Português',
  dates: 'pt-PT',

  frame: {
    page: 'Página de assinatura',
    foot: (host) => `Funciona à parte de ${host}`,
    languages: 'Idioma',
    account: 'à sua conta',
    app: 'à aplicação',
    to: (app) => `a ${app}`,
  },

  opening: 'A abrir o pedido…',

  nothing: {
    title: 'De momento não há nada para assinar',
    body: 'Esta página abre-se quando uma aplicação lhe pede uma assinatura, ou quando cria uma chave ou lhe muda o PIN.',
    again: 'Um pedido abre-se uma só vez e não fica guardado: se voltou a carregar a página ou regressou a ela, volte à aplicação e comece de novo.',
    account: 'Ir para a sua conta',
  },

  pin: {
    label: 'PIN',
    show: 'Mostrar',
    hide: 'Ocultar',
    showIt: (label) => `Mostrar: ${label}`,
    hideIt: (label) => `Ocultar: ${label}`,
    letters: 'O meu PIN tem letras',
    digits: 'Voltar aos algarismos',
    factor: 'Código da sua aplicação de autenticação',
    factorHint: 'Seis algarismos que mudam a cada meio minuto.',
    sealed: (host) => `O seu PIN é cifrado neste dispositivo. Só o módulo de assinatura o consegue ler; nem as aplicações nem ${host} conseguem.`,
    cancel: 'Cancelar',
  },

  code: {
    sentLabel: 'Código que lhe foi enviado',
    sentHint: 'Seis algarismos; serve uma vez e durante cinco minutos.',
    send: 'Enviar-me um código',
    again: 'Enviar outro código',
    sending: 'A enviar…',
    sent: 'O código está a caminho.',
    busy: 'Neste momento não é possível enviar um código. Espere um minuto e tente de novo.',
    offline: 'Não foi possível contactar o serviço. Verifique a ligação e tente de novo.',
    failed: 'Não é possível enviar um código para este pedido: volte atrás e comece de novo.',
    empty: 'Escreva os seis algarismos que lhe foram enviados.',
    wrong: 'Este código está errado, é antigo ou já foi usado. Peça outro e escreva-o com o seu PIN.',
  },

  rules: {
    title: 'Um bom PIN',
    length: 'Pelo menos 6 caracteres. Bastam algarismos; letras são bem-vindas.',
    varied: 'Nenhuma sequência nem padrão, como 123456 ou 121212.',
    date: 'Nenhuma data: os aniversários são os primeiros a ser adivinhados.',
    met: '(cumprido)',
  },

  authorise: {
    title: (app, count) => (count === 1 ? `Assinar um documento para ${app}?` : `Assinar ${count} documentos para ${app}?`),
    someApp: 'uma aplicação',
    lead: 'Assine só se estiver à espera disto.',
    named: 'Os nomes dos documentos vêm da aplicação.',
    documents: (count) => `Documentos (${count})`,
    unlabelled: (place) => `Documento ${place}`,
    unnamed: 'A aplicação não deu nomes.',
    noList: (count) =>
      count === 1
        ? 'A aplicação ainda não disse o que é para assinar. Pode assinar um documento, seja qual for.'
        : `A aplicação ainda não disse o que é para assinar. Pode assinar ${count} documentos, sejam quais forem.`,
    moreThanListed: (count) => `A aplicação pode fazer até ${count} assinaturas.`,
    code: 'Código curto',
    codeHint: 'Foi calculado neste dispositivo a partir dos documentos acima. As aplicações que mostram um código mostram o mesmo. Se a sua mostrar outro, cancele.',
    key: 'Assinar com',
    validTo: (date) => `válida até ${date}`,
    submit: 'Assinar',
    busy: 'A verificar o PIN…',
    done: { title: 'Aprovado', body: (place) => `Está a ser levado de volta ${place}.` },
  },

  enrol: {
    title: 'Escolha o PIN da sua nova chave',
    lead: 'Precisa dele para cada assinatura. Nunca fica guardado, por isso ninguém lho pode dizer mais tarde: se o perder, perde a chave.',
    kind: 'Tipo de chave',
    owner: 'Certificado de',
    how: 'De onde vem o PIN',
    own: 'Escolho eu um PIN',
    ownHint: 'Um de que se lembre e que ninguém adivinhe.',
    drawn: 'Quero que me deem um PIN',
    drawnHint: 'Oito algarismos ao acaso. São mostrados uma vez, para os apontar.',
    pin: 'Novo PIN',
    repeated: 'Novo PIN outra vez',
    submit: 'Criar a chave',
    thenFactor: 'A seguir configura a sua aplicação de autenticação. Tenha o telemóvel à mão.',
    making: 'A criar a sua chave…',
    makingLead: 'Demora alguns segundos; uma chave RSA grande, até um minuto. Mantenha esta página aberta.',
    finishing: 'A obter o seu certificado…',
    finishingLead: 'A chave está criada. Faltam alguns segundos. Mantenha esta página aberta.',
    noteTitle: 'Aponte o seu PIN',
    noteLead: 'É mostrado só desta vez, e ninguém lho pode voltar a dizer. Guarde-o onde só você o encontre.',
    yourPin: 'O seu PIN',
    noteLimit: 'A chave é sua quando premir o botão. Faça-o dentro de quatro minutos, ou a chave é deitada fora.',
    noted: 'Já o apontei',
    done: { title: 'A sua chave está pronta', body: (place) => `Está a ser levado de volta ${place}.` },
  },

  change: {
    title: 'Mudar o PIN',
    lead: 'O novo PIN vale de imediato, para todas as aplicações. As aprovações que uma aplicação ainda não usou terminam.',
    key: 'Chave',
    old: 'PIN até agora',
    pin: 'Novo PIN',
    repeated: 'Novo PIN outra vez',
    submit: 'Mudar o PIN',
    busy: 'A mudar o PIN…',
    done: { title: 'O seu PIN foi mudado', body: (place) => `Está a ser levado de volta ${place}.` },
  },

  factor: {
    addTitle: 'Acrescentar uma aplicação de autenticação',
    addLead: 'A partir daí, cada aprovação com esta chave precisa também de um código da aplicação. Tenha o telemóvel à mão.',
    replaceTitle: 'Substituir a aplicação de autenticação',
    replaceLead: 'A nova aplicação passa a valer quando mostrar um código. As aprovações que uma aplicação ainda não usou acabam então.',
    key: 'Chave',
    oldCode: 'Código da aplicação até agora',
    submit: 'Continuar',
    busy: 'A verificar o PIN…',
    setUpTitle: 'Configure a sua aplicação de autenticação',
    setUpLead: 'Leia esta imagem com a aplicação no telemóvel e escreva depois o código que ela mostra.',
    picture: 'Código QR para a aplicação de autenticação',
    open: 'A aplicação está neste dispositivo',
    typed: 'Ou escolha «introduzir uma chave» na aplicação e escreva:',
    setUpLimit: 'A imagem só se mostra esta vez. Escreva um código dentro de quatro minutos, ou comece de novo.',
    firstCode: 'Código da nova aplicação',
    confirm: 'Confirmar',
    confirming: 'A verificar o código…',
    wrong: 'Este código não está certo. Espere pelo próximo e escreva-o; o relógio do telemóvel tem de estar certo.',
    done: { title: 'A sua aplicação de autenticação está configurada', body: (place) => `Está a ser levado de volta a ${place}.` },
  },

  fault: {
    empty: 'Escreva o seu PIN.',
    emptyNew: 'Escolha um PIN.',
    emptyFactor: 'Escreva os seis algarismos da sua aplicação de autenticação.',
    wrong: 'Este PIN está errado. Verifique-o e tente de novo.',
    wrongLeft: (tries) =>
      tries === 1
        ? 'Este PIN está errado. Resta-lhe uma tentativa; depois o PIN fica trancado por algum tempo.'
        : `Este PIN está errado. Restam-lhe ${tries} tentativas; depois o PIN fica trancado por algum tempo.`,
    factor: 'Este código está errado ou já foi usado. Espere pelo próximo e escreva-o, e o PIN outra vez.',
    short: 'Escolha um PIN mais longo: pelo menos 6 caracteres.',
    long: 'Escolha um PIN mais curto: 64 caracteres no máximo, menos com acentos ou símbolos.',
    plainPattern: 'Escolha outro PIN: este é uma sequência ou um padrão.',
    date: 'Escolha outro PIN: este pode ler-se como uma data.',
    weak: 'Escolha outro PIN: o módulo de assinatura não aceita este.',
    same: 'Escolha um PIN que não seja o de até agora.',
    differs: 'Escreva o mesmo PIN duas vezes.',
    busy: 'Neste momento há trabalho a mais. O seu PIN não foi usado. Espere um pouco e escreva-o de novo.',
    busyFor: (seconds) =>
      `Neste momento há trabalho a mais. O seu PIN não foi usado. Espere ${seconds} segundos e escreva-o de novo.`,
    offline: 'Não foi possível contactar o serviço. O seu PIN não foi enviado. Verifique a ligação e escreva-o de novo.',
    lost: 'A ligação caiu, e não é certo que o seu PIN tenha chegado. Verifique a ligação, espere um pouco e escreva-o de novo.',
  },

  /** What has not happened, by operation. */
  unchanged: {
    authorise: 'Nada foi assinado.',
    enrol: 'Não foi criada nenhuma chave.',
    change_pin: 'O seu PIN continua o mesmo.',
    factor: 'A aplicação de autenticação está como estava.',
    none: 'Nada foi alterado.',
  },

  back: (place) => `Voltar ${place}`,
  proceed: 'Continuar',
  again: 'Tentar de novo',
  byHand: 'Pode fechar esta página e voltar à aplicação.',

  /** Each: what happened, and what to do next. */
  trouble: {
    cancelled: {
      title: 'Cancelado',
      body: (unchanged) => unchanged,
    },
    offline: {
      title: 'Sem ligação',
      body: (unchanged) => `Não foi possível contactar o serviço. ${unchanged} Verifique a ligação e tente de novo.`,
    },
    busy: {
      title: 'Neste momento há trabalho a mais',
      body: (unchanged) => `${unchanged} Espere um pouco e tente de novo.`,
    },
    setup: {
      title: 'Esta página não está configurada',
      body: (unchanged) => `${unchanged} Avise a sua organização: a página não consegue ler a sua configuração.`,
    },
    insecure: {
      title: 'A ligação não é segura',
      body: (unchanged) => `Esta página só funciona por https. ${unchanged} Avise a sua organização.`,
    },
    native: {
      title: 'Este pedido é para outra aplicação',
      body: (unchanged) => `${unchanged} Tem de ser aberto na aplicação de assinatura que o fez, não num navegador.`,
    },
    unknown: {
      title: 'Este pedido não é conhecido',
      body: (unchanged) => `O endereço está incompleto, ou o pedido já não existe. ${unchanged} Volte atrás e comece de novo.`,
    },
    expired: {
      title: 'Este pedido é demasiado antigo',
      body: (unchanged) => `Um pedido vale durante cinco minutos. ${unchanged} Volte atrás e comece de novo.`,
    },
    withdrawn: {
      title: 'Este pedido foi retirado',
      body: (unchanged) =>
        `O operador do serviço pôs-lhe fim: a aplicação já não pode pedir nada, ou tem de pedir de novo. ${unchanged}`,
    },
    failed: {
      title: 'Este pedido terminou',
      body: () => 'Já foi respondido, ou foi interrompido. Volte atrás: verá aí o que resultou dele.',
    },
    damaged: {
      title: 'Este pedido não se pode mostrar',
      body: (unchanged) =>
        `O que o serviço enviou não é o que esta página espera. ${unchanged} Volte atrás e comece de novo; se continuar assim, avise a sua organização.`,
    },
    clock: {
      title: 'Verifique o relógio deste dispositivo',
      body: (unchanged) =>
        `Entre a hora dele e a do módulo de assinatura há minutos de diferença, por isso a ligação não é segura. O seu PIN não foi enviado. ${unchanged} Acerte a hora, volte atrás e comece de novo.`,
    },
    stranger: {
      title: 'Pare aqui: a resposta não é autêntica',
      body: (unchanged) =>
        `Algo respondeu em vez do módulo de assinatura e não conseguiu provar que o é. O seu PIN não foi enviado. ${unchanged} Não tente de novo a partir daqui e avise a sua organização.`,
    },
    mismatch: {
      title: 'Pare aqui: foi-lhe mostrada outra coisa',
      body: (unchanged) =>
        `O que viu nesta página não é o que foi pedido ao módulo de assinatura, por isso ele recusou. ${unchanged} Não tente de novo e avise a sua organização.`,
    },
    declined: {
      title: 'O módulo de assinatura não aceitou este pedido',
      body: (unchanged) =>
        `Não abre nenhuma ligação para ele: o pedido pode estar gasto, ou o que viu aqui não é o que lhe foi pedido. O seu PIN não foi enviado. ${unchanged} Volte atrás e comece de novo; se continuar assim, avise a sua organização.`,
    },
    broken: {
      title: 'A ligação caiu',
      body: () => 'Não é certo o que resultou do pedido. Volte atrás: verá aí. Depois comece de novo, se for preciso.',
    },
    undelivered: {
      title: 'Não chegou ao destino',
      body: () => 'O módulo de assinatura aceitou o seu PIN, mas o serviço não pôde guardar o que daí resultou. Volte atrás e comece de novo.',
    },
    locked: {
      title: 'O seu PIN está trancado',
      body: (unchanged, until) =>
        until === undefined
          ? `Houve demasiados PIN errados. Durante algum tempo não é aceite nenhum, nem o certo. ${unchanged} Comece de novo mais tarde. Se não foi você, avise a sua organização.`
          : `Houve demasiados PIN errados. Até ${until} não é aceite nenhum, nem o certo. ${unchanged} Comece de novo depois disso. Se não foi você, avise a sua organização.`,
    },
    factorLocked: {
      title: 'Os códigos estão trancados',
      body: (unchanged, until) =>
        until === undefined
          ? `Houve demasiados códigos errados. Durante algum tempo não se aceita nenhum, nem um certo. ${unchanged} Comece de novo mais tarde. Se não foi você, avise a sua organização.`
          : `Houve demasiados códigos errados. Até ${until} não se aceita nenhum, nem um certo. ${unchanged} Comece de novo depois disso. Se não foi você, avise a sua organização.`,
    },
    notSetUp: {
      title: 'A aplicação não foi configurada',
      body: (unchanged) => `Nenhum código certo chegou a tempo. ${unchanged} Volte atrás e comece de novo.`,
    },
    blocked: {
      title: 'A sua chave está bloqueada',
      body: (unchanged) =>
        `Houve demasiados PIN errados ao todo. ${unchanged} Peça ao operador que desbloqueie a chave, ou crie uma nova.`,
    },
    disabled: {
      title: 'Esta chave não se pode usar agora',
      body: (unchanged) =>
        `Está suspensa ou eliminada, ou o certificado expirou. ${unchanged} Veja a chave na sua conta, ou crie uma nova.`,
    },
    refused: {
      title: 'O módulo de assinatura recusou',
      body: (unchanged) =>
        `Esta chave não deve ou não pode fazer o que foi pedido. ${unchanged} Volte atrás; se continuar assim, avise quem faz a aplicação.`,
    },
    unfinished: {
      title: 'A sua chave não ficou concluída',
      body: () =>
        'Foi criada, mas não pôde entrar em uso a tempo. É deitada fora dentro de uma hora, e o PIN com ela. Volte atrás e crie uma nova chave.',
    },
    ours: {
      title: 'Algo correu mal nesta página',
      body: () => 'Volte atrás: verá aí o que resultou do pedido. Se voltar a acontecer, avise a sua organização.',
    },
  },
};
