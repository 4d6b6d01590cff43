"""The words by which mail programs of many languages set off what they quote or forward."""

import re

DIVIDER = re.compile(
    r"\s*(-{2,}\s*(original message|original-nachricht|ursprüngliche nachricht|message d'origine"
    r"|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht"
    r"|исходное сообщение|元のメッセージ|原始邮件|原始郵件|원본 메일|wiadomość oryginalna"
    r"|oprindelig meddelelse|ursprungligt meddelande|původní zpráva|original appointment)"
    r"\s*-{2,}|_{20,})\s*",
    re.IGNORECASE,
)
FROM_LABEL = re.compile(
    r"\s*\*?(from|von|de|da|van|fra|från|od|от кого|от|від|差出人|发件人|寄件者|寄件人|प्रेषक|से"
    r"|보낸 사람|gönderen|kimden|feladó|lähettäjä|expeditor|από|จาก|từ|dari|מאת|من)"
    r"\s*[:：]\*?\s*\S",
    re.IGNORECASE,
)
OTHER_LABEL = re.compile(
    r"\s*\*?(sent|gesendet|envoyé|enviado( el)?|enviad[ao] em|inviato|verzonden|sendt|skickat"
    r"|wysłano|odesláno|trimis|küldve|lähetetty|gönderildi|отправлено|надіслано|送信日時|发送时间"
    r"|傳送時間|寄件日期|भेजा गया|보낸 날짜|נשלח|تم الإرسال"
    r"|date|datum|data|fecha|dátum|tarih|päivämäärä|дата|日期|दिनांक|날짜|תאריך|التاريخ"
    r"|to|an|à|para|a|aan|til|till|do|komu|către|címzett|vastaanottaja|kime|кому|宛先|收件人"
    r"|收件者|प्रति|받는 사람|אל|إلى|cc|kopie|copie"
    r"|subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|temat|předmět|subiect"
    r"|tárgy|aihe|konu|тема|件名|主题|主旨|विषय|제목|נושא|الموضوع)\s*[:：]",
    re.IGNORECASE,
)
FORWARD = re.compile(
    r"\s*(-{2,}\s*(forwarded message|weitergeleitete nachricht|message transféré"
    r"|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht"
    r"|пересылаемое сообщение|转发的邮件|轉寄的郵件|転送メッセージ|전달된 메시지)"
    r"|begin forwarded message|anfang der weitergeleiteten nachricht"
    r"|début du message (ré)?expédié|inizio messaggio inoltrato)",
    re.IGNORECASE,
)
FORWARDED_SUBJECT = re.compile(
    r"\s*(fwd?|wg|tr|rv|enc|i|vl|pd|ilt|转发|轉寄|転送|пересл)\s*[:：]", re.IGNORECASE
)
SENT_FROM = re.compile(
    r"\s*(sent from (my |yahoo |outlook|mail for |proton)|sent (via|with) |get outlook for "
    r"|von meinem .{1,30} gesendet|gesendet (mit|von) |envoyé (de mon|depuis|avec) "
    r"|enviado (desde|do meu|com) |inviato (da|dal) (mio )?(iphone|ipad|outlook|android)"
    r"|verzonden vanaf |verstuurd vanaf |skickat från min |sendt fra min |wysłane z |odesláno z "
    r"|отправлено (с|из) |надіслано з |发自我的|從我的|iphoneから送信|.{1,20}से भेजा गया"
    r"|나의 .{1,20}에서 보냄|.{1,20}(ım|im|um|üm)dan gönderildi|أُرسلت من)",
    re.IGNORECASE,
)
