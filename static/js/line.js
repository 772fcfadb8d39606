// @ts-check
/** One WebSocket at a time: notices silence, and comes back with backoff and jitter. */

const SILENCE_MS = 12_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_LAST_MS = 15_000;
/** The server's close code for a session that has ended: no use in trying again. */
const LOGGED_OUT = 4401;

/**
 * @typedef {object} LineEvents
 * @property {() => void} opened
 * @property {(message: any) => void} heard
 * @property {(loggedOut: boolean) => void} lost
 * @property {(now: number) => void} tick once a second while the socket stands
 */

export class Line {
  /**
   * @param {string} url
   * @param {LineEvents} events
   */
  constructor(url, events) {
    this.url = url;
    this.events = events;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.attempts = 0;
    this.heardAt = 0;
    this.retryAt = 0;
  }

  start() {
    this.connect();
    setInterval(() => this.watch(), 1_000);
    const hurry = () => this.hurry();
    window.addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
  }

  connect() {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.addEventListener("open", () => this.events.opened());
    socket.addEventListener("message", (event) => {
      if (socket === this.socket) {
        this.heardAt = Date.now();
        this.events.heard(JSON.parse(event.data));
      }
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.socket) {
        this.drop(event.code === LOGGED_OUT);
      }
    });
  }

  /** @param {object} message */
  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(message));
    }
  }

  /** The far side works again: the next loss starts with a short wait. */
  proven() {
    this.attempts = 0;
  }

  /** A tab that wakes up, or a network that returns, does not wait for the backoff. */
  hurry() {
    if (this.retryAt !== Infinity && document.visibilityState === "visible") {
      this.retryAt = 0;
    }
    this.watch();
  }

  watch() {
    const now = Date.now();
    if (this.socket === null) {
      if (now >= this.retryAt) {
        this.connect();
      }
    } else if (now - this.heardAt > SILENCE_MS) {
      this.drop();
    } else {
      this.events.tick(now);
    }
  }

  /** @param {boolean} [loggedOut] */
  drop(loggedOut = false) {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    const ceiling = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** this.attempts);
    this.attempts += 1;
    const wait = loggedOut ? Infinity : ceiling * (0.5 + Math.random() / 2);
    this.retryAt = Date.now() + wait;
    this.events.lost(loggedOut);
  }
}
