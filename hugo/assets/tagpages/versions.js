// The order of versions, by the rules of the package manager that installs them.

const ORDERS = { apk, deb, rpm };

/**
 * Which of two versions is newer by the rules of a package type: negative where `a` is older, 0
 * where they are equal, positive where `a` is newer; null where the type's rules are not known.
 */
export function compareVersions(type, a, b) {
  const order = ORDERS[type];
  return order && a && b ? order(a, b) : null;
}

/** Debian Policy Manual, 5.6.12: `epoch:upstream-revision`. */
function deb(a, b) {
  const [left, right] = [a, b].map((version) => evr(version, "0"));
  return (
    numbers(left.epoch, right.epoch) ||
    debPart(left.version, right.version) ||
    debPart(left.release, right.release)
  );
}

/** Text and numbers by turns: in text `~` comes before the end, and letters before other signs. */
function debPart(a, b) {
  const [left, right] = [a, b].map((part) => part.match(/\D*\d*/g));
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [, text = "", number = ""] = (left[at] ?? "").match(/^(\D*)(\d*)$/);
    const [, otherText = "", otherNumber = ""] = (right[at] ?? "").match(/^(\D*)(\d*)$/);
    const found = debText(text, otherText) || numbers(number, otherNumber);
    if (found) {
      return found;
    }
  }
  return 0;
}

function debText(a, b) {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const found = debSign(a[at]) - debSign(b[at]);
    if (found) {
      return found;
    }
  }
  return 0;
}

function debSign(sign) {
  if (sign === "~") {
    return -1;
  }
  if (sign === undefined) {
    return 0;
  }
  return /[A-Za-z]/.test(sign) ? sign.charCodeAt(0) : sign.charCodeAt(0) + 256;
}

/** rpm's documentation, "rpm-version(7)": `epoch:version-release`; without one of two releases none counts. */
function rpm(a, b) {
  const [left, right] = [a, b].map((version) => evr(version, ""));
  return (
    numbers(left.epoch, right.epoch) ||
    rpmPart(left.version, right.version) ||
    (left.release && right.release ? rpmPart(left.release, right.release) : 0)
  );
}

/** Runs of digits or letters: `~` is older than the end, `^` newer than it, a number than letters. */
function rpmPart(a, b) {
  const [left, right] = [a, b].map((part) => part.match(/~|\^|\d+|[A-Za-z]+/g) ?? []);
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const found = rpmSegment(left[at], right[at]);
    if (found) {
      return found;
    }
  }
  return 0;
}

function rpmSegment(a, b) {
  if (a === b) {
    return 0;
  }
  if (a === "~" || b === "~") {
    return a === "~" ? -1 : 1;
  }
  if (a === undefined || b === undefined) {
    return a === undefined ? -1 : 1;
  }
  if (a === "^" || b === "^") {
    return a === "^" ? -1 : 1;
  }
  const [digits, otherDigits] = [/^\d/.test(a), /^\d/.test(b)];
  if (digits !== otherDigits) {
    return digits ? 1 : -1;
  }
  return digits ? numbers(a, b) : a < b ? -1 : 1;
}

const APK = /^(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:-r(\d+))?$/;
const SUFFIXES = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"];

/** Alpine's package specification, "Package version": `1.2.3b_rc4-r5`; null for another form. */
function apk(a, b) {
  const [left, right] = [a.match(APK), b.match(APK)];
  if (!left || !right) {
    return null;
  }
  return (
    apkNumbers(left[1].split("."), right[1].split(".")) ||
    apkLetter(left[2]) - apkLetter(right[2]) ||
    apkSuffixes(left[3], right[3]) ||
    numbers(left[4] ?? "0", right[4] ?? "0")
  );
}

/** Numbers between dots; one that begins with 0, not the first, is a fraction: `1.01` < `1.1`. */
function apkNumbers(a, b) {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    if (a[at] === undefined || b[at] === undefined) {
      return a[at] === undefined ? -1 : 1;
    }
    const fraction = at > 0 && (a[at].startsWith("0") || b[at].startsWith("0"));
    const found = fraction ? texts(a[at], b[at]) : numbers(a[at], b[at]);
    if (found) {
      return found;
    }
  }
  return 0;
}

function apkLetter(letter) {
  return letter ? letter.charCodeAt(0) : 0;
}

function apkSuffixes(a, b) {
  const [left, right] = [a, b].map((text) => text.split("_").slice(1));
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [, name, number] = (left[at] ?? "").match(/^([a-z]*)(\d*)$/);
    const [, otherName, otherNumber] = (right[at] ?? "").match(/^([a-z]*)(\d*)$/);
    const found =
      SUFFIXES.indexOf(name) - SUFFIXES.indexOf(otherName) || numbers(number, otherNumber);
    if (found) {
      return found;
    }
  }
  return 0;
}

/** `epoch:version-release`; `release` is what stands for none. */
function evr(text, release) {
  const colon = text.indexOf(":");
  const rest = text.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? "0" : text.slice(0, colon),
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? release : rest.slice(dash + 1),
  };
}

/** Digits of any length as numbers; none are 0. */
function numbers(a, b) {
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+/, ""));
  return left.length - right.length || texts(left, right);
}

function texts(a, b) {
  return a < b ? -1 : Number(a > b);
}
