// One compiler that stays: reads a standard JSON request a line, writes its answer a line. It needs half a second to
// start, and hundreds of mutants are to be compiled.
// Started as: node compile.js PACKAGE_FOLDER
"use strict";

const path = require("node:path");
const readline = require("node:readline");

const [packageFolder] = process.argv.slice(2);
const compiler = require(path.join(packageFolder, "wrapper.js"))(require(path.join(packageFolder, "soljson.js")));

readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on("line", (request) => {
  process.stdout.write(`${compiler.compile(request)}\n`);
});
