// English. The keys are those of text.pt.js, and a test says so.

export const text = {
  tag: 'en',
  name: 'English',
  dates: 'en-GB',

  frame: {
    page: 'Signing page',
    foot: (host) => `Run apart from ${host}`,
    languages: 'Language',
    account: 'your account',
    app: 'the app',
    to: (app) => app,
  },

  opening: 'Opening the request…',

  nothing: {
    title: 'Nothing to sign right now',
    body: 'This page opens when an app asks for your signature, or when you make a key or change its PIN.',
    again: 'A request opens once and is not kept: if you reloaded the page or came back to it, go back to the app and start again.',
    account: 'Go to your account',
  },

  pin: {
    label: 'PIN',
    show: 'Show',
    hide: 'Hide',
    showIt: (label) => `Show: ${label}`,
    hideIt: (label) => `Hide: ${label}`,
    letters: 'My PIN has letters',
    digits: 'Back to digits',
    factor: 'Code from your authenticator app',
    factorHint: 'Six digits that change every half minute.',
    sealed: (host) => `Your PIN is encrypted on this device. Only the signing module can read it; no app can, nor can ${host}.`,
    cancel: 'Cancel',
  },

  code: {
    sentLabel: 'Code that was sent to you',
    sentHint: 'Six digits, good once and for five minutes.',
    send: 'Send me a code',
    again: 'Send another code',
    sending: 'Sending…',
    sent: 'A code is on its way.',
    busy: 'Just now no code can be sent. Wait a minute, then try again.',
    offline: 'The service could not be reached. Check your connection, then try again.',
    failed: 'No code can be sent for this request: go back and begin again.',
    empty: 'Enter the six digits that were sent to you.',
    wrong: 'This code is wrong, too old or was used before. Have another one sent, and enter it with your PIN.',
  },

  rules: {
    title: 'A good PIN',
    length: 'At least 6 characters. Digits will do; letters are welcome.',
    varied: 'No sequence and no pattern, such as 123456 or 121212.',
    date: 'No date: birthdays are guessed first.',
    met: '(done)',
  },

  authorise: {
    title: (app, count) => (count === 1 ? `Sign a document for ${app}?` : `Sign ${count} documents for ${app}?`),
    someApp: 'an app',
    lead: 'Sign only if you expect this.',
    named: 'The names of the documents come from the app.',
    documents: (count) => `Documents (${count})`,
    unlabelled: (place) => `Document ${place}`,
    unnamed: 'The app gave no names.',
    noList: (count) =>
      count === 1
        ? 'The app has not said yet what is to be signed. It may sign one document, whichever it likes.'
        : `The app has not said yet what is to be signed. It may sign ${count} documents, whichever it likes.`,
    moreThanListed: (count) => `The app may make up to ${count} signatures.`,
    code: 'Short code',
    codeHint: 'This device worked it out of the documents above. Apps that show a code show the same. If yours shows another, cancel.',
    key: 'Sign with',
    validTo: (date) => `valid until ${date}`,
    submit: 'Sign',
    busy: 'Checking the PIN…',
    done: { title: 'Approved', body: (place) => `You are being taken back to ${place}.` },
  },

  enrol: {
    title: 'Choose the PIN of your new key',
    lead: 'You need it for every signature. It is never stored, so nobody can tell it to you later: if it is lost, so is the key.',
    kind: 'Type of key',
    owner: 'Certificate for',
    how: 'Where the PIN comes from',
    own: 'I choose a PIN',
    ownHint: 'One that you can remember and nobody can guess.',
    drawn: 'Give me a PIN',
    drawnHint: 'Eight digits by chance. You see them once and write them down.',
    pin: 'New PIN',
    repeated: 'New PIN again',
    submit: 'Make the key',
    thenFactor: 'Next you set up your authenticator app. Have your phone at hand.',
    making: 'Making your key…',
    makingLead: 'This takes a few seconds, for a large RSA key up to a minute. Keep this page open.',
    finishing: 'Getting your certificate…',
    finishingLead: 'The key is made. This takes a few seconds more. Keep this page open.',
    noteTitle: 'Write your PIN down',
    noteLead: 'It is shown this once, and nobody can tell it to you again. Keep it where only you will find it.',
    yourPin: 'Your PIN',
    noteLimit: 'The key is yours once you press the button. Do so within four minutes, or the key is thrown away.',
    noted: 'I have noted it',
    done: { title: 'Your key is ready', body: (place) => `You are being taken back to ${place}.` },
  },

  change: {
    title: 'Change your PIN',
    lead: 'The new PIN holds at once, for every app. Approvals that an app has not used yet end.',
    key: 'Key',
    old: 'PIN until now',
    pin: 'New PIN',
    repeated: 'New PIN again',
    submit: 'Change the PIN',
    busy: 'Changing the PIN…',
    done: { title: 'Your PIN was changed', body: (place) => `You are being taken back to ${place}.` },
  },

  factor: {
    addTitle: 'Add an authenticator app',
    addLead: 'From then on each approval with this key needs a code from the app as well. Have your phone at hand.',
    replaceTitle: 'Replace the authenticator app',
    replaceLead: 'The new app holds once it has shown a code. Approvals that an app has not used yet end then.',
    key: 'Key',
    oldCode: 'Code from the app until now',
    submit: 'Continue',
    busy: 'Checking the PIN…',
    setUpTitle: 'Set up your authenticator app',
    setUpLead: 'Scan this picture with the app on your phone, then enter the code that it shows.',
    picture: 'QR code for your authenticator app',
    open: 'The app is on this device',
    typed: 'Or choose “enter a key” in the app, and type:',
    setUpLimit: 'The picture is shown this once. Enter a code within four minutes, or begin again.',
    firstCode: 'Code from the new app',
    confirm: 'Confirm',
    confirming: 'Checking the code…',
    wrong: 'This code is not right. Wait for the next one and enter it; the clock of your phone must be right.',
    done: { title: 'Your authenticator app is set up', body: (place) => `You are being taken back to ${place}.` },
  },

  fault: {
    empty: 'Enter your PIN.',
    emptyNew: 'Choose a PIN.',
    emptyFactor: 'Enter the six digits from your authenticator app.',
    wrong: 'This PIN is wrong. Check it and try again.',
    wrongLeft: (tries) =>
      tries === 1
        ? 'This PIN is wrong. You have one try left, then the PIN is locked for a while.'
        : `This PIN is wrong. You have ${tries} tries left, then the PIN is locked for a while.`,
    factor: 'This code is wrong or was used before. Wait for the next one and enter it, and your PIN again.',
    short: 'Choose a longer PIN: at least 6 characters.',
    long: 'Choose a shorter PIN: at most 64 characters, fewer with accents or symbols.',
    plainPattern: 'Choose another PIN: this one is a sequence or a pattern.',
    date: 'Choose another PIN: this one can be read as a date.',
    weak: 'Choose another PIN: the signing module does not take this one.',
    same: 'Choose a PIN that is not the one until now.',
    differs: 'Enter the same PIN twice.',
    busy: 'Just now there is too much to do. Your PIN was not used. Wait a moment, then enter it again.',
    busyFor: (seconds) =>
      `Just now there is too much to do. Your PIN was not used. Wait ${seconds} seconds, then enter it again.`,
    offline: 'The service could not be reached. Your PIN was not sent. Check your connection, then enter it again.',
    lost: 'The connection broke off, and it is not certain that your PIN arrived. Check your connection, wait a moment, then enter it again.',
  },

  /** What has not happened, by operation. */
  unchanged: {
    authorise: 'Nothing was signed.',
    enrol: 'No key was made.',
    change_pin: 'Your PIN is as it was.',
    factor: 'Your authenticator app is as it was.',
    none: 'Nothing was changed.',
  },

  back: (place) => `Back to ${place}`,
  proceed: 'Continue',
  again: 'Try again',
  byHand: 'You can close this page and go back to the app.',

  /** Each: what happened, and what to do next. */
  trouble: {
    cancelled: {
      title: 'Cancelled',
      body: (unchanged) => unchanged,
    },
    offline: {
      title: 'No connection',
      body: (unchanged) => `The service could not be reached. ${unchanged} Check your connection, then try again.`,
    },
    busy: {
      title: 'Just now there is too much to do',
      body: (unchanged) => `${unchanged} Wait a moment, then try again.`,
    },
    setup: {
      title: 'This page is not set up',
      body: (unchanged) => `${unchanged} Tell your organisation: the page cannot read its configuration.`,
    },
    insecure: {
      title: 'The connection is not safe',
      body: (unchanged) => `This page works over https only. ${unchanged} Tell your organisation.`,
    },
    native: {
      title: 'This request is for another app',
      body: (unchanged) => `${unchanged} It has to be opened in the signing app that made it, not in a browser.`,
    },
    unknown: {
      title: 'This request is not known',
      body: (unchanged) => `The address is incomplete, or the request is gone. ${unchanged} Go back and start again.`,
    },
    expired: {
      title: 'This request is too old',
      body: (unchanged) => `A request is good for five minutes. ${unchanged} Go back and start again.`,
    },
    withdrawn: {
      title: 'This request was withdrawn',
      body: (unchanged) =>
        `The operator of the service has ended it: the app may not ask for anything any more, or has to ask anew. ${unchanged}`,
    },
    failed: {
      title: 'This request is over',
      body: () => 'It was answered already, or it was broken off. Go back: you will see there what became of it.',
    },
    damaged: {
      title: 'This request cannot be shown',
      body: (unchanged) =>
        `What the service sent is not what this page expects. ${unchanged} Go back and start again; if it stays like this, tell your organisation.`,
    },
    clock: {
      title: 'Check the clock of this device',
      body: (unchanged) =>
        `Its time and that of the signing module are minutes apart, so the connection is not safe. Your PIN was not sent. ${unchanged} Set the time, then go back and start again.`,
    },
    stranger: {
      title: 'Stop here: the answer is not genuine',
      body: (unchanged) =>
        `Something answered in place of the signing module and could not prove to be it. Your PIN was not sent. ${unchanged} Do not try again from here, and tell your organisation.`,
    },
    mismatch: {
      title: 'Stop here: you were shown something else',
      body: (unchanged) =>
        `What you saw on this page is not what the signing module was asked for, so it refused. ${unchanged} Do not try again, and tell your organisation.`,
    },
    declined: {
      title: 'The signing module did not take this request',
      body: (unchanged) =>
        `It opens no connection for it: the request may be used up, or what you saw here is not what it was asked for. Your PIN was not sent. ${unchanged} Go back and start again; if it stays like this, tell your organisation.`,
    },
    broken: {
      title: 'The connection broke off',
      body: () => 'It is not certain what became of the request. Go back: you will see it there. Then start again if you have to.',
    },
    undelivered: {
      title: 'It did not arrive',
      body: () => 'The signing module took your PIN, but the service could not keep what came of it. Go back and start again.',
    },
    locked: {
      title: 'Your PIN is locked',
      body: (unchanged, until) =>
        until === undefined
          ? `There were too many wrong PINs. For a while none is taken, not even the right one. ${unchanged} Start again later. If it was not you, tell your organisation.`
          : `There were too many wrong PINs. Until ${until} none is taken, not even the right one. ${unchanged} Start again after that. If it was not you, tell your organisation.`,
    },
    factorLocked: {
      title: 'Codes are locked',
      body: (unchanged, until) =>
        until === undefined
          ? `There were too many wrong codes. For a while none is taken, not even a right one. ${unchanged} Start again later. If it was not you, tell your organisation.`
          : `There were too many wrong codes. Until ${until} none is taken, not even a right one. ${unchanged} Start again after that. If it was not you, tell your organisation.`,
    },
    notSetUp: {
      title: 'The app was not set up',
      body: (unchanged) => `No right code came in time. ${unchanged} Go back and begin again.`,
    },
    blocked: {
      title: 'Your key is blocked',
      body: (unchanged) =>
        `There were too many wrong PINs in all. ${unchanged} Ask the operator to unblock the key, or make a new one.`,
    },
    disabled: {
      title: 'This key cannot be used now',
      body: (unchanged) =>
        `It is suspended or deleted, or its certificate has expired. ${unchanged} Look at the key in your account, or make a new one.`,
    },
    refused: {
      title: 'The signing module refused',
      body: (unchanged) =>
        `This key must not or cannot do what was asked. ${unchanged} Go back, and if it stays like this, tell the app’s makers.`,
    },
    unfinished: {
      title: 'Your key was not finished',
      body: () =>
        'It was made, but could not be brought into use in time. It is thrown away within an hour, and its PIN with it. Go back and make a new key.',
    },
    ours: {
      title: 'Something went wrong on this page',
      body: () => 'Go back: you will see there what became of the request. If it happens again, tell your organisation.',
    },
  },
};
