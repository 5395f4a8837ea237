// The npm compiler behind the native compiler's command line, as far as py-solc-x, Ape and forge use it:
//
//   solc-v<version> --version
//   solc-v<version> --standard-json [FILE|-] [--base-path DIR] [--include-path DIR]... [--allow-paths DIR,DIR]
//
// Anything else is an error. Imports are looked up and restricted as the native compiler does it.
// Started as: node solc.js PACKAGE_FOLDER ARGUMENTS...
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const VALUE_OPTIONS = ["--base-path", "--include-path", "--allow-paths"];

class UsageError extends Error {}

function parseArguments(args) {
  const options = { command: null, input: null, basePath: null, includePaths: [], allowPaths: [] };
  for (let i = 0; i < args.length; i += 1) {
    const [name, inlineValue] = splitOption(args[i]);
    if (name === "--version" || name === "--standard-json") {
      options.command = name;
    } else if (VALUE_OPTIONS.includes(name)) {
      const value = inlineValue ?? args[(i += 1)];
      if (value === undefined) throw new UsageError(`${name} needs a value`);
      assignPath(options, name, value);
    } else if (options.command === "--standard-json" && options.input === null && isInputFile(name)) {
      options.input = args[i];
    } else {
      throw new UsageError(`'${args[i]}' is not supported here; use --standard-json or --version`);
    }
  }
  if (options.command === null) throw new UsageError("use --standard-json or --version");
  if (options.includePaths.length > 0 && options.basePath === null) {
    throw new UsageError("--include-path needs --base-path");
  }
  return options;
}

function splitOption(argument) {
  const at = argument.startsWith("--") ? argument.indexOf("=") : -1;
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

function isInputFile(argument) {
  return argument === "-" || !argument.startsWith("-");
}

function assignPath(options, name, value) {
  if (name === "--base-path") options.basePath = value;
  if (name === "--include-path") options.includePaths.push(value);
  if (name === "--allow-paths") options.allowPaths.push(...value.split(",").filter(Boolean));
}

// The native rule: a source is looked for below the base path (or the current folder), then below each include
// path; two matches are an error; and the file's real place must be below one of these or an allowed folder.
function sourceReader(options) {
  const roots = [options.basePath || ".", ...options.includePaths].map((folder) => path.resolve(folder));
  const allowed = [...roots, ...options.allowPaths.map((folder) => path.resolve(folder))].map(realPath);
  return (sourceUnit) => {
    const name = sourceUnit.replace(/^file:\/\//, "");
    const candidates = new Set(roots.map((root) => path.resolve(root, name)).filter(isFile));
    if (candidates.size === 0) {
      const searched = roots.map((root) => `"${root}"`).join(", ");
      return { error: `File not found. Searched the following locations: ${searched}.` };
    }
    if (candidates.size > 1) {
      const found = [...candidates].map((file) => `"${file}"`).join(", ");
      return { error: `Ambiguous import. Multiple matching files found inside base path and/or include paths: ${found}.` };
    }
    const file = realPath([...candidates][0]);
    if (!allowed.some((folder) => isBelow(file, folder))) {
      const folders = allowed.map((folder) => `"${folder}"`).join(", ");
      return { error: `File outside of allowed directories. The following are allowed: ${folders}.` };
    }
    return { contents: fs.readFileSync(file, "utf8") };
  };
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function realPath(folder) {
  return fs.existsSync(folder) ? fs.realpathSync(folder) : folder;
}

function isBelow(file, folder) {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative));
}

async function readInput(source) {
  if (source !== null && source !== "-") return fs.readFileSync(source, "utf8");
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function main([packageFolder, ...args]) {
  const options = parseArguments(args);
  const input = options.command === "--standard-json" ? await readInput(options.input) : null;
  const compiler = require(path.join(packageFolder, "wrapper.js"))(require(path.join(packageFolder, "soljson.js")));
  if (input === null) {
    process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${compiler.version()}\n`);
  } else {
    process.stdout.write(`${compiler.compile(input, { import: sourceReader(options) })}\n`);
  }
}

main(process.argv.slice(2)).catch((error) => {
  const expected = error instanceof UsageError || error.code === "ENOENT" || error.code === "EISDIR";
  process.stderr.write(`Error: ${expected ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
