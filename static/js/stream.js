// @ts-check
/** The topics of a page: snapshot, then patches; says when the states cannot be trusted. */

import { Line } from "./line.js";
import { merge } from "./patch.js";

const ASK_AGAIN_MS = 3_000;

/** @typedef {import("./patch.js").Json} Json */
/**
 * @typedef {object} Listener
 * @property {(topic: string, state: Json, patch: Json | null) => void} changed null: all of it
 * @property {(alive: boolean, frozenAt: number, loggedOut: boolean) => void} status frozenAt: the
 *   last message before the loss, epoch ms
 * @property {(at: number) => void} beat the server's time
 * @property {(message: string, had: boolean) => void} refused had: the topic was followed before
 */

export class Stream {
  /**
   * @param {string} url
   * @param {string[]} topics
   * @param {Listener} listener
   */
  constructor(url, topics, listener) {
    this.topics = topics;
    this.listener = listener;
    /** @type {Map<string, {seq: number, data: Json}>} */
    this.states = new Map();
    /** Topics that wait for a snapshot, and when it was asked for. @type {Map<string, number>} */
    this.asked = new Map();
    this.alive = false;
    this.heardAt = Date.now();
    this.frozenAt = this.heardAt;
    this.line = new Line(url, {
      opened: () => this.subscribe(),
      heard: (message) => this.heard(message),
      lost: (loggedOut) => this.lost(loggedOut),
      tick: (now) => this.askAgain(now),
    });
  }

  start() {
    this.line.start();
  }

  subscribe() {
    this.asked = new Map(this.topics.map((topic) => [topic, Date.now()]));
    this.line.send({ op: "subscribe", topics: this.topics });
  }

  /** @param {boolean} [loggedOut] */
  lost(loggedOut = false) {
    if (this.alive) {
      this.frozenAt = this.heardAt;
    }
    this.alive = false;
    this.listener.status(false, this.frozenAt, loggedOut);
  }

  /** @param {string[]} topics */
  ask(topics) {
    for (const topic of topics) {
      this.asked.set(topic, Date.now());
    }
    this.line.send({ op: "snapshot", topics });
  }

  /** @param {number} now */
  askAgain(now) {
    const late = [...this.asked].filter(([, at]) => now - at > ASK_AGAIN_MS);
    if (late.length > 0) {
      // Not "snapshot": the first subscription may be what failed.
      const topics = late.map(([topic]) => topic);
      topics.forEach((topic) => this.asked.set(topic, now));
      this.line.send({ op: "subscribe", topics });
    }
  }

  /** @param {Json} message */
  heard(message) {
    this.heardAt = Date.now();
    if (message.type === "snapshot") {
      this.states.set(message.topic, { seq: message.seq, data: message.data });
      this.listener.changed(message.topic, message.data, null);
      this.answered(message.topic);
    } else if (message.type === "event") {
      this.patched(message);
    } else if (message.type === "beat") {
      this.listener.beat(message.at);
    } else if (message.type === "error") {
      this.failed(message);
    }
  }

  /** Only when every topic has been answered is the page whole again. @param {string} topic */
  answered(topic) {
    this.asked.delete(topic);
    if (this.asked.size === 0) {
      this.line.proven();
      if (!this.alive) {
        this.alive = true;
        this.listener.status(true, this.frozenAt, false);
      }
    }
  }

  /** What the server cannot give now may come later; until then the page is not current. @param {Json} message */
  failed(message) {
    if (message.code === "unavailable" && message.topic) {
      this.asked.set(message.topic, Date.now());
      this.lost();
      return;
    }
    this.listener.refused(message.message, this.states.delete(message.topic));
    this.answered(message.topic);
  }

  /** @param {Json} message */
  patched(message) {
    const known = this.states.get(message.topic);
    if (!known || this.asked.has(message.topic) || message.seq <= known.seq) {
      return;
    }
    if (message.from > known.seq + 1) {
      this.ask([message.topic]);
      return;
    }
    known.seq = message.seq;
    merge(known.data, message.data);
    this.listener.changed(message.topic, known.data, message.data);
  }
}
