"""Answers as mail programs of many languages quote what they answer: what is new, and where history begins."""
# ruff: noqa: E501 - lines of mail are as long as mail programs write them, in their letters

from tests.samples.mail.parts import Shape, plain, shape

NEW = "Sounds good, when can you start?"
QUOTED = "> Could you send\n> the offer?\n"
INTRODUCTIONS = {
    "gmail-en": "On Fri, Nov 20, 2026 at 10:42 AM Ann Berg <ann@crm.example> wrote:",
    "gmail-de": "Am Fr., 20. Nov. 2026 um 10:42 Uhr schrieb Ann Berg <ann@crm.example>:",
    "gmail-fr": "Le ven. 20 nov. 2026 à 10:42, Ann Berg <ann@crm.example> a écrit :",
    "gmail-es": "El vie, 20 nov 2026 a las 10:42, Ann Berg (<ann@crm.example>) escribió:",
    "gmail-it": "Il giorno ven 20 nov 2026 alle ore 10:42 Ann Berg <ann@crm.example> ha scritto:",
    "gmail-pt": "Em sex., 20 de nov. de 2026 às 10:42, Ann Berg <ann@crm.example> escreveu:",
    "gmail-nl": "Op vr 20 nov 2026 om 10:42 schreef Ann Berg <ann@crm.example>:",
    "gmail-pl": "pt., 20 lis 2026 o 10:42 Ann Berg <ann@crm.example> napisał(a):",
    "gmail-sv": "Den fre 20 nov. 2026 kl 10:42 skrev Ann Berg <ann@crm.example>:",
    "gmail-da": "Den fre. 20. nov. 2026 kl. 10.42 skrev Ann Berg <ann@crm.example>:",
    "gmail-no": "fre. 20. nov. 2026 kl. 10:42 skrev Ann Berg <ann@crm.example>:",
    "gmail-fi": "pe 20. marrask. 2026 klo 10.42 Ann Berg (ann@crm.example) kirjoitti:",
    "gmail-cs": "pá 20. 11. 2026 v 10:42 odesílatel Ann Berg <ann@crm.example> napsal:",
    "gmail-sk": "pi 20. 11. 2026 o 10:42 Ann Berg <ann@crm.example> napísal(a):",
    "gmail-hu": "Ann Berg <ann@crm.example> ezt írta (időpont: 2026. nov. 20., P, 10:42):",
    "gmail-ro": "vin., 20 nov. 2026 la 10:42, Ann Berg <ann@crm.example> a scris:",
    "gmail-tr": "Ann Berg <ann@crm.example>, 20 Kas 2026 Cum, 10:42 tarihinde şunu yazdı:",
    "gmail-ru": "пт, 20 нояб. 2026 г. в 10:42, Ann Berg <ann@crm.example>:",
    "gmail-uk": "пт, 20 лист. 2026 р. о 10:42 Ann Berg <ann@crm.example> пише:",
    "gmail-el": "Στις Παρ 20 Νοε 2026 στις 10:42 π.μ., ο/η Ann Berg <ann@crm.example> έγραψε:",
    "gmail-ja": "2026年11月20日(金) 10:42 Ann Berg <ann@crm.example>:",
    "gmail-zh": "Ann Berg <ann@crm.example> 于2026年11月20日周五 10:42写道:",
    "gmail-zh-tw": "Ann Berg <ann@crm.example> 於 2026年11月20日 週五 上午10:42寫道:",
    "gmail-ko": "2026년 11월 20일 (금) 오전 10:42, Ann Berg <ann@crm.example>님이 작성:",
    "gmail-ca": "Missatge de Ann Berg <ann@crm.example> del dia dv., 20 de nov. 2026 a les 10:42:",
    "gmail-hr": "pet, 20. stu 2026. u 10:42 Ann Berg <ann@crm.example> napisao je:",
    "apple-en": "On 20. Nov 2026, at 10:42, Ann Berg <ann@crm.example> wrote:",
    "apple-de": "Am 20.11.2026 um 10:42 schrieb Ann Berg <ann@crm.example>:",
    "apple-fr": "Le 20 nov. 2026 à 10:42, Ann Berg <ann@crm.example> a écrit :",
    "apple-es": "El 20 nov 2026, a las 10:42, Ann Berg <ann@crm.example> escribió:",
    "apple-it": "Il giorno 20 nov 2026, alle ore 10:42, Ann Berg <ann@crm.example> ha scritto:",
    "apple-ja": "2026/11/20 10:42、Ann Berg <ann@crm.example>のメール:",
    "apple-nl": "Op 20 nov. 2026, om 10:42 heeft Ann Berg <ann@crm.example> het volgende geschreven:",
    "apple-sv": "20 nov. 2026 kl. 10:42 skrev Ann Berg <ann@crm.example>:",
    "thunderbird-en": "On 20/11/2026 10:42, Ann Berg wrote:",
    "thunderbird-de": "Am 20.11.26 um 10:42 schrieb Ann Berg:",
    "thunderbird-fr": "Le 20/11/2026 à 10:42, Ann Berg a écrit :",
    "thunderbird-es": "El 20/11/2026 a las 10:42, Ann Berg escribió:",
    "thunderbird-it": "Il 20/11/2026 10:42, Ann Berg ha scritto:",
    "thunderbird-nl": "Op 20-11-2026 om 10:42 schreef Ann Berg:",
    "thunderbird-pl": "W dniu 20.11.2026 o 10:42, Ann Berg pisze:",
    "thunderbird-cs": "Dne 20. 11. 26 v 10:42 Ann Berg napsal(a):",
    "thunderbird-ru": "20.11.2026 10:42, Ann Berg пишет:",
    "yahoo-en": "On Friday, November 20, 2026 at 10:42:00 AM GMT+1, Ann Berg <ann@crm.example> wrote:",
    "yahoo-de": "Am Freitag, 20. November 2026 um 10:42:00 MEZ hat Ann Berg <ann@crm.example> Folgendes geschrieben:",
    "yahoo-fr": "Le vendredi 20 novembre 2026 à 10:42:00 UTC+1, Ann Berg <ann@crm.example> a écrit :",
    "yahoo-es": "El viernes, 20 de noviembre de 2026, 10:42:00 CET, Ann Berg <ann@crm.example> escribió:",
}
"""The line that a program puts before what it quotes."""
HEADS = {
    "outlook-en": (
        "From: Ann Berg <ann@crm.example>",
        "Sent: Friday, 20 November 2026 10:42",
        "To: Dana Okafor",
        "Subject: Offer",
    ),
    "outlook-de": (
        "Von: Ann Berg <ann@crm.example>",
        "Gesendet: Freitag, 20. November 2026 10:42",
        "An: Dana Okafor",
        "Betreff: Angebot",
    ),
    "outlook-fr": (
        "De : Ann Berg <ann@crm.example>",
        "Envoyé : vendredi 20 novembre 2026 10:42",
        "À : Dana Okafor",
        "Objet : devis",
    ),
    "outlook-es": (
        "De: Ann Berg <ann@crm.example>",
        "Enviado: viernes, 20 de noviembre de 2026 10:42",
        "Para: Dana Okafor",
        "Asunto: oferta",
    ),
    "outlook-it": (
        "Da: Ann Berg <ann@crm.example>",
        "Inviato: venerdì 20 novembre 2026 10:42",
        "A: Dana Okafor",
        "Oggetto: offerta",
    ),
    "outlook-pt": (
        "De: Ann Berg <ann@crm.example>",
        "Enviado: sexta-feira, 20 de novembro de 2026 10:42",
        "Para: Dana Okafor",
        "Assunto: oferta",
    ),
    "outlook-nl": (
        "Van: Ann Berg <ann@crm.example>",
        "Verzonden: vrijdag 20 november 2026 10:42",
        "Aan: Dana Okafor",
        "Onderwerp: offerte",
    ),
    "outlook-sv": (
        "Från: Ann Berg <ann@crm.example>",
        "Skickat: den 20 november 2026 10:42",
        "Till: Dana Okafor",
        "Ämne: offert",
    ),
    "outlook-da": (
        "Fra: Ann Berg <ann@crm.example>",
        "Sendt: 20. november 2026 10:42",
        "Til: Dana Okafor",
        "Emne: tilbud",
    ),
    "outlook-pl": (
        "Od: Ann Berg <ann@crm.example>",
        "Wysłano: piątek, 20 listopada 2026 10:42",
        "Do: Dana Okafor",
        "Temat: oferta",
    ),
    "outlook-cs": (
        "Od: Ann Berg <ann@crm.example>",
        "Odesláno: pátek 20. listopadu 2026 10:42",
        "Komu: Dana Okafor",
        "Předmět: nabídka",
    ),
    "outlook-fi": (
        "Lähettäjä: Ann Berg <ann@crm.example>",
        "Lähetetty: perjantai 20. marraskuuta 2026 10.42",
        "Vastaanottaja: Dana Okafor",
        "Aihe: tarjous",
    ),
    "outlook-ru": (
        "От: Ann Berg <ann@crm.example>",
        "Отправлено: 20 ноября 2026 г. 10:42",
        "Кому: Dana Okafor",
        "Тема: смета",
    ),
    "outlook-tr": (
        "Kimden: Ann Berg <ann@crm.example>",
        "Gönderildi: 20 Kasım 2026 Cuma 10:42",
        "Kime: Dana Okafor",
        "Konu: teklif",
    ),
    "outlook-hu": (
        "Feladó: Ann Berg <ann@crm.example>",
        "Elküldve: 2026. november 20., péntek 10:42",
        "Címzett: Dana Okafor",
        "Tárgy: ajánlat",
    ),
    "outlook-ja": (
        "差出人: Ann Berg <ann@crm.example>",
        "送信日時: 2026年11月20日 10:42",
        "宛先: Dana Okafor",
        "件名: 見積もり",
    ),
    "outlook-zh": (
        "发件人: Ann Berg <ann@crm.example>",
        "发送时间: 2026年11月20日 10:42",
        "收件人: Dana Okafor",
        "主题: 报价",
    ),
    "outlook-zh-tw": (
        "寄件者: Ann Berg <ann@crm.example>",
        "寄件日期: 2026年11月20日 10:42",
        "收件者: Dana Okafor",
        "主旨: 報價",
    ),
    "outlook-ko": (
        "보낸 사람: Ann Berg <ann@crm.example>",
        "보낸 날짜: 2026년 11월 20일 금요일 오전 10:42",
        "받는 사람: Dana Okafor",
        "제목: 견적",
    ),
    "outlook-bold": (
        "*From:* Ann Berg <ann@crm.example>",
        "*Sent:* Friday, 20 November 2026 10:42",
        "*To:* Dana Okafor",
        "*Subject:* Offer",
    ),
    "qq": (
        "------------------ 原始邮件 ------------------",
        '发件人: "Ann Berg" <ann@crm.example>;',
        "发送时间: 2026年11月20日(星期五) 上午10:42",
        "主题: 报价",
    ),
    "lotus": (
        "-----Ann Berg/CRM wrote: -----",
        "To: Dana Okafor",
        "From: Ann Berg/CRM",
        "Date: 11/20/2026 10:42AM",
        "Subject: Offer",
    ),
    "original": (
        "-----Original Message-----",
        "From: Ann Berg [mailto:ann@crm.example]",
        "Sent: Friday, 20 November 2026 10:42",
        "To: Dana Okafor",
    ),
    "original-de": (
        "-----Ursprüngliche Nachricht-----",
        "Von: Ann Berg",
        "Gesendet: Freitag, 20. November 2026 10:42",
        "An: Dana Okafor",
    ),
}
"""The block of headers that a program puts before what it answers, and does not mark with `>`."""


def replies() -> list[Shape]:
    """Each style, as text, with the line wrapped, and as HTML alone."""
    found = []
    for style, line in INTRODUCTIONS.items():
        found.append(plain(f"intro-{style}", f"{NEW}\n\n{line}\n\n{QUOTED}", new=NEW))
        if " <ann@" in line:
            wrapped = line.replace(" <ann@", "\n<ann@")
            found.append(plain(f"intro-wrapped-{style}", f"{NEW}\n\n{wrapped}\n\n{QUOTED}", new=NEW))
        page = (
            f"<div>{NEW}</div><br><div>{line.replace('<', '&lt;').replace('>', '&gt;')}<br></div>"
            "<blockquote>Could you send<br>the offer?</blockquote>"
        )
        found.append(
            shape(f"intro-html-{style}", f"Content-Type: text/html; charset=utf-8\r\n\r\n{page}", new=NEW)
        )
    for style, lines in HEADS.items():
        block = "\n".join(lines)
        found.append(plain(f"head-{style}", f"{NEW}\n\n{block}\n\nCould you send the offer?\n", new=NEW))
        ruled = f"{NEW}\n\n________________________________\n{block}\n\nCould you send the offer?\n"
        found.append(plain(f"head-ruled-{style}", ruled, new=NEW))
    return found
