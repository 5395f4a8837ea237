{
  // By the address whose code runs: the places that were run, and where each conditional jump went.
  codes: [],
  places: {},
  jumps: {},
  jump: -1,
  enter: function (frame) {
    var kind = frame.getType();
    this.codes.push(kind === "CREATE" || kind === "CREATE2" ? "creation" : toHex(frame.getTo()));
    this.jump = -1;
  },
  exit: function () {
    this.codes.pop();
    this.jump = -1;
  },
  fault: function () {},
  step: function (log) {
    var depth = log.getDepth() - 2;
    var code = depth < 0 ? "called" : this.codes[depth];
    var at = log.getPC();
    if (this.places[code] === undefined) {
      this.places[code] = {};
      this.jumps[code] = {};
    }
    this.places[code][at] = 1;
    if (this.jump >= 0) this.jumps[code][this.jump + ">" + at] = 1;
    this.jump = log.op.toString() === "JUMPI" ? at : -1;
  },
  result: function () {
    return { places: this.places, jumps: this.jumps };
  }
}
