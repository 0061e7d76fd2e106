// Plain JavaScript: the test's server program runs it as it is.

const GROUPS = {
  statement: /^sql /,
  file: /^file /,
  effect: /^sql (?!SELECT)|^file (?!l?stat|access|readdir|opendir|read$)/,
};

/** Counts the statements and file calls of a process, and makes one of them go wrong. */
export class Steps {
  names = [];
  fault;
  armed = false;
  /** Whether the fault has come since it was armed. */
  struck = false;
  /** Set after a crash: nothing that comes later is done, or returns. */
  dead = false;
  onCrash = () => undefined;
  #seen = 0;

  arm(fault) {
    this.names = [];
    this.fault = fault;
    this.#seen = 0;
    this.struck = false;
    this.armed = true;
  }

  disarm() {
    this.armed = false;
    this.fault = undefined;
  }

  async run(name, real, make = (code) => new Error(code)) {
    if (this.dead) return never();
    if (!this.armed) return real();
    this.names.push(name);
    const { fault } = this;
    if (!fault || !this.#strikes(fault, name)) return this.#answer(real);
    this.struck = true;
    if (fault.kind === 'crash') return this.#crash();
    if (fault.kind === 'fail') throw make(fault.code ?? 'EIO');
    await real().catch(() => undefined);
    if (fault.kind === 'crash-after') return this.#crash();
    throw make(fault.code ?? 'EIO');
  }

  /** What a call that was under way brings is not heard of any more by who is dead. */
  async #answer(real) {
    const result = await real();
    return this.dead ? never() : result;
  }

  #strikes({ at, times = 1, only }, name) {
    if (only && !(GROUPS[only]?.test(name) ?? name.startsWith(only))) return false;
    const index = this.#seen++;
    return index >= at && index < at + times;
  }

  #crash() {
    this.dead = true;
    this.onCrash();
    return never();
  }
}

function never() {
  return new Promise(() => undefined);
}
