// What a rendered answer needs beyond its HTML.

function dressAnswer() {}
