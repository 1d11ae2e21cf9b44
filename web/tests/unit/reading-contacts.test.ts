import { describe, expect, it } from "vitest";

import { contactsOf, guessRoles, problemOf, splitAddresses, tableOf } from "../../src/contacts/columns";
import { decode, parseCsv, separatorOf, writeCsv } from "../../src/contacts/csv";
import { isVcard, parseVcards } from "../../src/contacts/vcard";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("CSV", () => {
  it("keeps separators, line ends and doubled quotes inside of quotes", () => {
    expect(parseCsv('a,"b,1","say ""hi""\r\nthere"\r\nc,,\n')).toEqual([
      ["a", "b,1", 'say "hi"\r\nthere'],
      ["c", "", ""],
    ]);
  });

  it("passes over empty rows, and ends where a quote is never closed", () => {
    expect(parseCsv("a,b\n\n , \nc,d")).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(parseCsv('a,"open\nto the end')).toEqual([["a", "open\nto the end"]]);
  });

  it("takes line ends of every system", () => {
    expect(parseCsv("a\rb\nc\r\nd")).toEqual([["a"], ["b"], ["c"], ["d"]]);
  });

  it.each([
    ["a,b,c", ","],
    ["a;b;c,d", ";"],
    ["a\tb", "\t"],
    ['"a,b,c";d;e', ";"],
    ["alone", ","],
  ])("finds the separator of %j", (text, separator) => {
    expect(separatorOf(text)).toBe(separator);
  });

  it("reads UTF-8, UTF-16 with its mark, and what Windows writes", () => {
    expect(decode(bytes("Ödegård"))).toBe("Ödegård");
    expect(decode(new Uint8Array([0xff, 0xfe, 0xd6, 0x00, 0x64, 0x00]))).toBe("Öd");
    expect(decode(new Uint8Array([0xd6, 0x64, 0x65]))).toBe("Öde");
  });

  it("writes what a spreadsheet does not run", () => {
    expect(writeCsv([["=1+1", 'say "hi"', "a,b"]])).toBe('\'=1+1,"say ""hi""","a,b"\r\n');
    expect(parseCsv(writeCsv([["a\nb", 'c"d', "e"]]))).toEqual([["a\nb", 'c"d', "e"]]);
  });
});

describe("columns", () => {
  const google = tableOf(
    parseCsv(
      "First Name,Last Name,E-mail 1 - Label,E-mail 1 - Value,Organization Name,Phone\n" +
        "Mei,Lindqvist,Work,mei@x.test ::: m@y.test,Acme,1",
    ),
  );

  it("are guessed from headings and cells", () => {
    expect(guessRoles(google)).toEqual(["firstName", "lastName", "ignore", "email", "company", "ignore"]);
  });

  it("become contacts", () => {
    expect(contactsOf(google, guessRoles(google))).toEqual([
      { name: "Mei Lindqvist", company: "Acme", emails: ["mei@x.test", "m@y.test"] },
    ]);
  });

  it("are known without headings", () => {
    const table = tableOf([
      ["Ann", "ann@x.test"],
      ["Ben", "ben@x.test"],
    ]);
    expect(table.rows).toHaveLength(2);
    expect(guessRoles(table)).toEqual(["ignore", "email"]);
  });

  it("hold addresses with names, and several", () => {
    expect(splitAddresses("Ann B <a@x.test>; mailto:b@x.test, ")).toEqual(["a@x.test", "b@x.test"]);
  });

  it("say what is wrong with a row", () => {
    const row = { name: "A", company: null };
    expect(problemOf({ ...row, emails: [] })).toEqual({ kind: "noAddress" });
    expect(problemOf({ ...row, emails: ["a@x.test", "b at x"] })).toEqual({
      kind: "badAddress",
      address: "b at x",
    });
    expect(problemOf({ ...row, emails: ["a@x.test"] })).toBeNull();
  });
});

describe("vCard", () => {
  const card = (...lines: string[]) => ["BEGIN:VCARD", ...lines, "END:VCARD"].join("\r\n");

  it("is told from CSV", () => {
    expect(isVcard(card("FN:A"))).toBe(true);
    expect(isVcard("name,email")).toBe(false);
  });

  it("unfolds lines and takes escapes away", () => {
    const [contact] = parseVcards(card("FN:Dana\\, the", "  roofer", "ORG:A\\;B;Sales", "EMAIL:d@x.test"));
    expect(contact).toEqual({ name: "Dana, the roofer", company: "A;B", emails: ["d@x.test"] });
  });

  it("reads quoted-printable over several lines", () => {
    const text = card(
      "N;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=BC=",
      "ller;J=C3=BCrgen",
      "EMAIL:j@x.test",
    );
    expect(parseVcards(text)[0]?.name).toBe("Jürgen Müller");
  });

  it("puts the preferred address first, each once", () => {
    const text = card("item1.EMAIL:a@x.test", "EMAIL;TYPE=PREF:b@x.test", "EMAIL:a@x.test");
    expect(parseVcards(text)[0]?.emails).toEqual(["b@x.test", "a@x.test"]);
  });

  it("leaves out what has no end or no beginning", () => {
    expect(parseVcards("FN:Stray\r\nBEGIN:VCARD\r\nFN:Open")).toEqual([]);
  });
});
