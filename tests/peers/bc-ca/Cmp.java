import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Enumerated;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.cmp.CMPCertificate;
import org.bouncycastle.asn1.cmp.CMPObjectIdentifiers;
import org.bouncycastle.asn1.cmp.CertConfirmContent;
import org.bouncycastle.asn1.cmp.CertOrEncCert;
import org.bouncycastle.asn1.cmp.CertRepMessage;
import org.bouncycastle.asn1.cmp.CertResponse;
import org.bouncycastle.asn1.cmp.CertStatus;
import org.bouncycastle.asn1.cmp.CertifiedKeyPair;
import org.bouncycastle.asn1.cmp.ErrorMsgContent;
import org.bouncycastle.asn1.cmp.GenMsgContent;
import org.bouncycastle.asn1.cmp.GenRepContent;
import org.bouncycastle.asn1.cmp.InfoTypeAndValue;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.cmp.PKIConfirmContent;
import org.bouncycastle.asn1.cmp.PKIFailureInfo;
import org.bouncycastle.asn1.cmp.PKIFreeText;
import org.bouncycastle.asn1.cmp.PKIHeader;
import org.bouncycastle.asn1.cmp.PKIMessage;
import org.bouncycastle.asn1.cmp.PKIStatus;
import org.bouncycastle.asn1.cmp.PKIStatusInfo;
import org.bouncycastle.asn1.cmp.PollRepContent;
import org.bouncycastle.asn1.cmp.RevDetails;
import org.bouncycastle.asn1.cmp.RevRepContentBuilder;
import org.bouncycastle.asn1.cmp.RevReqContent;
import org.bouncycastle.asn1.crmf.CertReqMessages;
import org.bouncycastle.asn1.crmf.CertReqMsg;
import org.bouncycastle.asn1.crmf.CertTemplate;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.GeneralPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.CertificateRequestMessage;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.util.encoders.Hex;

/** CMP, RFC 9810: ir, cr, kur, p10cr, certConf, pollReq, rr and genm (caCerts). */
final class Cmp implements BcCa.Protocol {
    private static final ASN1ObjectIdentifier CA_CERTS = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.4.17");
    private static final SecureRandom RANDOM = new SecureRandom();
    private final Authority authority;
    private final Map<String, String> secrets = new HashMap<>();
    private final Map<String, Open> transactions = new HashMap<>();

    Cmp(Authority authority) {
        this.authority = authority;
    }

    void addSecret(String pair) {
        int equals = pair.indexOf('=');
        secrets.put(pair.substring(0, equals), pair.substring(equals + 1));
    }

    @Override
    public String mediaType() {
        return "application/pkixcmp";
    }

    /** One certificate that is asked for. */
    private static final class Item {
        BigInteger id;
        X500Name subject;
        SubjectPublicKeyInfo key;
        Extensions extensions;
    }

    /** A transaction that goes on. */
    private static final class Open {
        int answer; // body type of the final answer
        List<Item> waiting = new ArrayList<>();
        long due;
        int polls;
        Script.Line line;
        boolean implicit;
        final Map<BigInteger, X509CertificateHolder> unconfirmed = new HashMap<>();
    }

    /** Why nothing is done, as PKIFailureInfo bit. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;
        final int bit;

        Refusal(int bit, String text) {
            super(text);
            this.bit = bit;
        }
    }

    /** One message and its answer. */
    private static final class Exchange {
        PKIMessage message;
        PKIHeader header;
        Script.Line line;
        String secret; // not null: protected by MAC
        X509CertificateHolder signer;
        boolean isRa;
        String id;
        boolean implicit;
        final List<X509CertificateHolder> extra = new ArrayList<>();
    }

    @Override
    public synchronized byte[] answer(byte[] request, Script.Line line) throws Exception {
        Exchange exchange = new Exchange();
        exchange.line = line;
        exchange.message = PKIMessage.getInstance(request);
        exchange.header = exchange.message.getHeader();
        exchange.id = exchange.header.getTransactionID() == null ? ""
            : Hex.toHexString(exchange.header.getTransactionID().getOctets());
        PKIBody body;
        try {
            authenticate(exchange);
            if (line.has("error"))
                throw new Refusal(line.number("failinfo", 2), line.text("text", "refused by script"));
            body = act(exchange);
        } catch (Refusal refusal) {
            transactions.remove(exchange.id);
            body = new PKIBody(PKIBody.TYPE_ERROR, new ErrorMsgContent(status(2, refusal.bit, refusal.getMessage())));
        }
        return protect(exchange, body);
    }

    /** Bit n of a PKIFailureInfo, as the library numbers its octets. */
    private static PKIStatusInfo status(int status, int bit, String text) {
        PKIFreeText words = text == null ? null : new PKIFreeText(text);
        PKIStatus word = PKIStatus.getInstance(new ASN1Integer(status));
        if (bit < 0)
            return new PKIStatusInfo(word, words);
        return new PKIStatusInfo(word, words, new PKIFailureInfo(1 << (bit / 8 * 8 + 7 - bit % 8)));
    }

    private void authenticate(Exchange exchange) throws Exception {
        GeneralPKIMessage general = new GeneralPKIMessage(exchange.message);
        if (!general.hasProtection())
            throw new Refusal(1, "the message is not protected");
        ProtectedPKIMessage message = new ProtectedPKIMessage(general);
        boolean good;
        if (message.hasPasswordBasedMacProtection()) {
            ASN1OctetString reference = exchange.header.getSenderKID();
            exchange.secret = reference == null ? null
                : secrets.get(new String(reference.getOctets(), StandardCharsets.UTF_8));
            if (exchange.secret == null)
                throw new Refusal(1, "unknown reference");
            good = message.verify(new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC")),
                exchange.secret.toCharArray());
        } else {
            if (message.getCertificates().length == 0)
                throw new Refusal(20, "no certificate of the signer");
            exchange.signer = message.getCertificates()[0];
            good = message.verify(new JcaContentVerifierProviderBuilder().setProvider("BC").build(exchange.signer));
        }
        if (!good)
            throw new Refusal(1, "the protection does not verify");
        if (exchange.signer != null && !authority.vouchesFor(exchange.signer))
            throw new Refusal(20, "the signer is not known here");
        exchange.isRa = exchange.signer != null && authority.isRegistrationAuthority(exchange.signer);
        InfoTypeAndValue[] infos = exchange.header.getGeneralInfo();
        for (InfoTypeAndValue info : infos == null ? new InfoTypeAndValue[0] : infos)
            exchange.implicit |= info.getInfoType().equals(CMPObjectIdentifiers.it_implicitConfirm);
        exchange.implicit &= !exchange.line.has("explicit");
    }

    private PKIBody act(Exchange exchange) throws Exception {
        PKIBody body = exchange.message.getBody();
        switch (body.getType()) {
        case PKIBody.TYPE_INIT_REQ:
            return enrol(exchange, items(exchange, body), PKIBody.TYPE_INIT_REP);
        case PKIBody.TYPE_CERT_REQ:
            return enrol(exchange, items(exchange, body), PKIBody.TYPE_CERT_REP);
        case PKIBody.TYPE_KEY_UPDATE_REQ:
            return enrol(exchange, items(exchange, body), PKIBody.TYPE_KEY_UPDATE_REP);
        case PKIBody.TYPE_P10_CERT_REQ:
            return enrol(exchange, pkcs10(exchange, body), PKIBody.TYPE_CERT_REP);
        case PKIBody.TYPE_CERT_CONFIRM:
            return confirm(exchange, CertConfirmContent.getInstance(body.getContent()));
        case PKIBody.TYPE_POLL_REQ:
            return poll(exchange);
        case PKIBody.TYPE_REVOCATION_REQ:
            return revoke(exchange, RevReqContent.getInstance(body.getContent()));
        case PKIBody.TYPE_GEN_MSG:
            return general(GenMsgContent.getInstance(body.getContent()));
        default:
            throw new Refusal(2, "body type " + body.getType() + " is not supported");
        }
    }

    private List<Item> items(Exchange exchange, PKIBody body) throws Exception {
        List<Item> items = new ArrayList<>();
        for (CertReqMsg message : CertReqMessages.getInstance(body.getContent()).toCertReqMsgArray()) {
            Item item = new Item();
            CertTemplate template = message.getCertReq().getCertTemplate();
            item.id = message.getCertReq().getCertReqId().getValue();
            item.subject = template.getSubject();
            item.key = template.getPublicKey();
            item.extensions = template.getExtensions();
            if (item.subject == null || item.key == null)
                throw new Refusal(19, "subject or key is missing");
            CertificateRequestMessage crmf = new CertificateRequestMessage(message);
            boolean raVerified = crmf.hasProofOfPossession()
                && crmf.getProofOfPossessionType() == CertificateRequestMessage.popRaVerified;
            if (raVerified && !exchange.isRa)
                throw new Refusal(23, "raVerified is for registration authorities");
            if (!raVerified && (!crmf.hasProofOfPossession()
                    || crmf.getProofOfPossessionType() != CertificateRequestMessage.popSigningKey
                    || !crmf.isValidSigningKeyPOP(
                        new JcaContentVerifierProviderBuilder().setProvider("BC").build(item.key))))
                throw new Refusal(9, "the proof of possession does not verify");
            items.add(item);
        }
        return items;
    }

    private List<Item> pkcs10(Exchange exchange, PKIBody body) throws Exception {
        PKCS10CertificationRequest request =
            new PKCS10CertificationRequest(CertificationRequest.getInstance(body.getContent()));
        Item item = new Item();
        item.id = BigInteger.ONE.negate();
        item.subject = request.getSubject();
        item.key = request.getSubjectPublicKeyInfo();
        for (Attribute attribute : request.getAttributes(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest))
            item.extensions = Extensions.getInstance(attribute.getAttrValues().getObjectAt(0));
        if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().setProvider("BC").build(item.key)))
            throw new Refusal(9, "the proof of possession does not verify");
        if (exchange.line.has("no-p10cr"))
            throw new Refusal(2, "p10cr is not supported");
        return List.of(item);
    }

    private PKIBody enrol(Exchange exchange, List<Item> items, int answer) throws Exception {
        Script.Line line = exchange.line;
        if (transactions.containsKey(exchange.id))
            throw new Refusal(21, "transactionID in use");
        Open open = new Open();
        open.answer = answer;
        open.waiting = items;
        open.line = line;
        open.implicit = exchange.implicit;
        if (line.has("pending")) {
            open.due = System.currentTimeMillis() + 1000L * line.number("wait", 0);
            open.polls = line.number("polls", 1);
            transactions.put(exchange.id, open);
            List<CertResponse> responses = new ArrayList<>();
            for (Item item : items)
                responses.add(new CertResponse(new ASN1Integer(item.id), status(3, -1, "later")));
            return new PKIBody(answer, new CertRepMessage(null, responses.toArray(new CertResponse[0])));
        }
        return issue(exchange, open);
    }

    private PKIBody issue(Exchange exchange, Open open) throws Exception {
        Script.Line line = open.line;
        List<CertResponse> responses = new ArrayList<>();
        for (Item item : open.waiting) {
            if (line.has("refuse")) {
                responses.add(new CertResponse(new ASN1Integer(item.id),
                    status(line.number("status", 2), line.number("failinfo", 2), line.text("text", "refused by script"))));
                continue;
            }
            SubjectPublicKeyInfo key = line.has("other-key")
                ? SubjectPublicKeyInfo.getInstance(Authority.makeKey("EC").getPublic().getEncoded()) : item.key;
            X500Name subject = line.has("other-subject") ? new X500Name("O=Foreign,CN=Somebody else") : item.subject;
            X509CertificateHolder certificate = authority.issue(subject, key, item.extensions, "cmp");
            CertifiedKeyPair pair = line.has("no-cert") ? null
                : new CertifiedKeyPair(new CertOrEncCert(new CMPCertificate(certificate.toASN1Structure())));
            responses.add(new CertResponse(
                new ASN1Integer(line.has("other-id") ? item.id.add(BigInteger.TEN) : item.id),
                status(line.has("mods") ? 1 : 0, -1, line.text("text", null)), pair, null));
            open.unconfirmed.put(item.id, certificate);
        }
        open.waiting = new ArrayList<>();
        if (open.implicit || open.unconfirmed.isEmpty())
            transactions.remove(exchange.id);
        else
            transactions.put(exchange.id, open);
        exchange.implicit = open.implicit;
        exchange.extra.add(authority.certificate);
        CMPCertificate[] anchors = line.has("ca-pubs")
            ? new CMPCertificate[] {new CMPCertificate(authority.certificate.toASN1Structure())} : null;
        return new PKIBody(open.answer, new CertRepMessage(anchors, responses.toArray(new CertResponse[0])));
    }

    private PKIBody poll(Exchange exchange) throws Exception {
        Open open = transactions.get(exchange.id);
        if (open == null || open.waiting.isEmpty())
            throw new Refusal(2, "nothing is pending");
        open.polls--;
        if (open.polls > 0 || System.currentTimeMillis() < open.due) {
            long seconds = Math.max(1, (open.due - System.currentTimeMillis() + 999) / 1000);
            return new PKIBody(PKIBody.TYPE_POLL_REP,
                new PollRepContent(new ASN1Integer(open.waiting.get(0).id), new ASN1Integer(seconds)));
        }
        return issue(exchange, open);
    }

    private PKIBody confirm(Exchange exchange, CertConfirmContent content) throws Exception {
        Open open = transactions.remove(exchange.id);
        if (open == null)
            throw new Refusal(2, "nothing to confirm");
        for (CertStatus each : content.toCertStatusArray()) {
            X509CertificateHolder certificate = open.unconfirmed.remove(each.getCertReqId().getValue());
            if (certificate == null)
                throw new Refusal(2, "unknown certReqId");
            boolean accepted = each.getStatusInfo() == null || each.getStatusInfo().getStatus().signum() == 0;
            if (accepted && !Arrays.equals(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()),
                    each.getCertHash().getOctets()))
                throw new Refusal(4, "certHash is of another certificate");
            if (accepted)
                authority.find(certificate.getSerialNumber()).confirmed = true;
            else
                authority.revoke(certificate.getSerialNumber(), 5);
        }
        for (X509CertificateHolder left : open.unconfirmed.values())
            authority.revoke(left.getSerialNumber(), 5);
        return new PKIBody(PKIBody.TYPE_CONFIRM, new PKIConfirmContent());
    }

    private PKIBody revoke(Exchange exchange, RevReqContent content) throws Exception {
        RevRepContentBuilder builder = new RevRepContentBuilder();
        for (RevDetails details : content.toRevDetailsArray()) {
            BigInteger serial = details.getCertDetails().getSerialNumber() == null ? null
                : details.getCertDetails().getSerialNumber().getValue();
            Authority.Issued issued = serial == null ? null : authority.find(serial);
            int reason = 0;
            if (details.getCrlEntryDetails() != null
                    && details.getCrlEntryDetails().getExtension(Extension.reasonCode) != null)
                reason = ASN1Enumerated.getInstance(
                    details.getCrlEntryDetails().getExtension(Extension.reasonCode).getParsedValue()).getValue().intValue();
            boolean own = exchange.signer != null && exchange.signer.getSerialNumber().equals(serial);
            if (exchange.line.has("refuse"))
                builder.add(status(2, exchange.line.number("failinfo", 2), exchange.line.text("text", "refused by script")));
            else if (issued == null)
                builder.add(status(2, 4, "no such certificate"));
            else if (!own && !exchange.isRa)
                builder.add(status(2, 23, "not yours"));
            else if (issued.revoked)
                builder.add(status(2, 10, "revoked already"));
            else if (authority.revoke(serial, reason))
                builder.add(status(0, -1, null));
        }
        return new PKIBody(PKIBody.TYPE_REVOCATION_REP, builder.build());
    }

    private PKIBody general(GenMsgContent content) {
        List<InfoTypeAndValue> answers = new ArrayList<>();
        for (InfoTypeAndValue each : content.toInfoTypeAndValueArray())
            answers.add(each.getInfoType().equals(CA_CERTS)
                ? new InfoTypeAndValue(CA_CERTS, new DERSequence(authority.certificate.toASN1Structure()))
                : new InfoTypeAndValue(each.getInfoType()));
        return new PKIBody(PKIBody.TYPE_GEN_REP, new GenRepContent(answers.toArray(new InfoTypeAndValue[0])));
    }

    private byte[] protect(Exchange exchange, PKIBody body) throws Exception {
        Script.Line line = exchange.line;
        PKIHeader header = exchange.header;
        ProtectedPKIMessageBuilder builder = new ProtectedPKIMessageBuilder(header.getPvno().getValue().intValue(),
            new GeneralName(authority.certificate.getSubject()), header.getSender());
        byte[] nonce = new byte[16];
        RANDOM.nextBytes(nonce);
        builder.setMessageTime(new Date()).setSenderNonce(nonce).setBody(body);
        if (header.getTransactionID() != null)
            builder.setTransactionID(line.has("wrong-transaction") ? nonce : header.getTransactionID().getOctets());
        if (header.getSenderNonce() != null && !line.has("no-nonce"))
            builder.setRecipNonce(line.has("wrong-nonce") ? nonce : header.getSenderNonce().getOctets());
        if (exchange.implicit && !line.has("explicit") && isFinal(body))
            builder.addGeneralInfo(new InfoTypeAndValue(CMPObjectIdentifiers.it_implicitConfirm, DERNull.INSTANCE));
        if (line.has("unprotected"))
            return unprotected(header, body);
        if (exchange.secret != null && !line.has("signed")) {
            builder.setSenderKID(header.getSenderKID().getOctets());
            for (X509CertificateHolder each : exchange.extra)
                builder.addCMPCertificate(each);
            String secret = line.has("bad-signature") ? "another secret" : exchange.secret;
            return builder.build(new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC"))
                .setIterationCount(2000).build(secret.toCharArray())).toASN1Structure().getEncoded("DER");
        }
        PrivateKey key = line.has("bad-signature")
            ? Authority.makeKey(authority.key.getAlgorithm().startsWith("EC") ? "EC" : "RSA").getPrivate() : authority.key;
        builder.setSenderKID(SubjectKeyIdentifier.fromExtensions(authority.certificate.getExtensions())
            .getKeyIdentifier());
        builder.addCMPCertificate(authority.certificate);
        return builder.build(Authority.signer(key)).toASN1Structure().getEncoded("DER");
    }

    private static boolean isFinal(PKIBody body) {
        return body.getContent() instanceof CertRepMessage;
    }

    private byte[] unprotected(PKIHeader header, PKIBody body) throws Exception {
        org.bouncycastle.asn1.cmp.PKIHeaderBuilder builder = new org.bouncycastle.asn1.cmp.PKIHeaderBuilder(
            header.getPvno().getValue().intValue(), new GeneralName(authority.certificate.getSubject()), header.getSender());
        builder.setTransactionID(header.getTransactionID());
        builder.setRecipNonce(header.getSenderNonce());
        ASN1Encodable message = new PKIMessage(builder.build(), body);
        return message.toASN1Primitive().getEncoded("DER");
    }
}
