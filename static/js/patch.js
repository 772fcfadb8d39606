// @ts-check
/** JSON merge patches (RFC 7396): null deletes a key, objects merge, all else replaces. */

/** @typedef {{[key: string]: any}} Json */

/**
 * @param {any} value
 * @returns {value is Json}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Changes `state` in place and returns it; a patch that is no object replaces it.
 * @param {any} state
 * @param {any} patch
 * @returns {any}
 */
export function merge(state, patch) {
  if (!isObject(patch)) {
    return patch;
  }
  const target = isObject(state) ? state : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete target[key];
    } else {
      target[key] = merge(target[key], value);
    }
  }
  return target;
}
