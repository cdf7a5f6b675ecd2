import java.math.BigInteger;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERGeneralizedTime;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.cmc.BodyPartID;
import org.bouncycastle.asn1.cmc.CMCFailInfo;
import org.bouncycastle.asn1.cmc.CMCObjectIdentifiers;
import org.bouncycastle.asn1.cmc.CMCStatus;
import org.bouncycastle.asn1.cmc.CMCStatusInfoV2;
import org.bouncycastle.asn1.cmc.CMCStatusInfoV2Builder;
import org.bouncycastle.asn1.cmc.LraPopWitness;
import org.bouncycastle.asn1.cmc.PKIData;
import org.bouncycastle.asn1.cmc.PKIResponse;
import org.bouncycastle.asn1.cmc.PendInfo;
import org.bouncycastle.asn1.cmc.RevokeRequest;
import org.bouncycastle.asn1.cmc.TaggedAttribute;
import org.bouncycastle.asn1.cmc.TaggedRequest;
import org.bouncycastle.asn1.crmf.CertReqMsg;
import org.bouncycastle.asn1.crmf.CertTemplate;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.crmf.CertificateRequestMessage;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/** CMC, RFC 10002: Full PKI Requests in, Full (or Simple) PKI Responses out. */
final class Cmc implements BcCa.Protocol {
    private static final SecureRandom RANDOM = new SecureRandom();
    private final Authority authority;
    private final Map<String, Pending> pending = new HashMap<>();

    Cmc(Authority authority) {
        this.authority = authority;
    }

    @Override
    public String mediaType() {
        return "application/pkcs7-mime; smime-type=CMC-response";
    }

    /** A request that waits for its time. */
    private static final class Pending {
        List<Item> items;
        PendInfo info;
        long due;
        int polls;
    }

    /** One certificate that is asked for. */
    private static final class Item {
        BodyPartID id;
        X500Name subject;
        SubjectPublicKeyInfo key;
        Extensions extensions;
    }

    /** Why nothing is issued, in the words of CMCFailInfo. */
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;
        final int failInfo;
        final transient List<BodyPartID> bodies = new ArrayList<>();

        Refusal(int failInfo, String text, BodyPartID... bodies) {
            super(text);
            this.failInfo = failInfo;
            this.bodies.addAll(List.of(bodies));
        }
    }

    /** One request and the answer that grows with it. */
    private static final class Exchange {
        PKIData data;
        X509CertificateHolder signer;
        boolean isRa;
        Script.Line line;
        ASN1Encodable transactionId;
        ASN1Encodable senderNonce;
        final List<CMCStatusInfoV2> statuses = new ArrayList<>();
        final List<X509CertificateHolder> certificates = new ArrayList<>();

        TaggedAttribute control(ASN1ObjectIdentifier type) {
            for (TaggedAttribute control : data.getControlSequence())
                if (control.getAttrType().equals(type))
                    return control;
            return null;
        }

        ASN1Encodable value(ASN1ObjectIdentifier type) {
            TaggedAttribute control = control(type);
            return control == null ? null : control.getAttrValues().getObjectAt(0);
        }
    }

    @Override
    public synchronized byte[] answer(byte[] request, Script.Line line) throws Exception {
        Exchange exchange = new Exchange();
        exchange.line = line;
        try {
            open(exchange, request);
            if (line.has("refuse"))
                throw new Refusal(line.number("failinfo", 2), line.text("text", "refused by script"), bodies(exchange));
            act(exchange);
        } catch (Refusal refusal) {
            exchange.certificates.clear();
            exchange.statuses.clear();
            exchange.statuses.add(refuse(exchange, refusal));
        }
        if (line.has("simple") && !exchange.certificates.isEmpty())
            return simple(exchange);
        return full(exchange);
    }

    private static BodyPartID[] bodies(Exchange exchange) throws Exception {
        List<BodyPartID> ids = new ArrayList<>();
        for (TaggedRequest request : exchange.data.getReqSequence())
            ids.add(item(request).id);
        if (ids.isEmpty())
            for (TaggedAttribute control : exchange.data.getControlSequence())
                ids.add(control.getBodyPartID());
        return ids.toArray(new BodyPartID[0]);
    }

    private static CMCStatusInfoV2 refuse(Exchange exchange, Refusal refusal) {
        BodyPartID[] ids = refusal.bodies.isEmpty() ? new BodyPartID[] {new BodyPartID(0)}
            : refusal.bodies.toArray(new BodyPartID[0]);
        CMCStatus status = CMCStatus.getInstance(new ASN1Integer(exchange.line.number("status", 2)));
        CMCStatusInfoV2Builder builder = new CMCStatusInfoV2Builder(status, ids).setStatusString(refusal.getMessage());
        if (refusal.failInfo >= 0)
            builder.setOtherInfo(CMCFailInfo.getInstance(new ASN1Integer(refusal.failInfo)));
        return builder.build();
    }

    /** Decodes, finds out who signed, and takes the ids. */
    @SuppressWarnings("unchecked")
    private void open(Exchange exchange, byte[] request) throws Exception {
        CMSSignedData cms;
        try {
            cms = new CMSSignedData(request);
        } catch (Exception e) {
            throw new Refusal(2, "no SignedData: " + e.getMessage());
        }
        if (!CMCObjectIdentifiers.id_cct_PKIData.getId().equals(cms.getSignedContentTypeOID()))
            throw new Refusal(2, "content is " + cms.getSignedContentTypeOID() + ", not PKIData");
        exchange.data = PKIData.getInstance((byte[]) cms.getSignedContent().getContent());
        exchange.transactionId = exchange.value(CMCObjectIdentifiers.id_cmc_transactionId);
        exchange.senderNonce = exchange.value(CMCObjectIdentifiers.id_cmc_senderNonce);
        Collection<SignerInformation> signers = cms.getSignerInfos().getSigners();
        if (signers.size() != 1)
            throw new Refusal(1, signers.size() + " signers");
        SignerInformation signer = signers.iterator().next();
        Collection<?> found = cms.getCertificates().getMatches(signer.getSID());
        if (found.isEmpty())
            throw new Refusal(7, "the signer's certificate is not in the message");
        exchange.signer = (X509CertificateHolder) found.iterator().next();
        boolean good;
        try {
            good = signer.getSignedAttributes() != null && signer.verify(
                new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(exchange.signer));
        } catch (Exception e) {
            good = false;
        }
        if (!good)
            throw new Refusal(1, "the signature does not verify");
        if (!authority.vouchesFor(exchange.signer))
            throw new Refusal(7, "the signer is not known here");
        exchange.isRa = authority.isRegistrationAuthority(exchange.signer);
    }

    private void act(Exchange exchange) throws Exception {
        ASN1Encodable token = exchange.value(CMCObjectIdentifiers.id_cmc_queryPending);
        if (token != null) {
            query(exchange, ASN1OctetString.getInstance(token));
            return;
        }
        if (confirm(exchange) || revoke(exchange) || crl(exchange))
            return;
        List<Item> items = new ArrayList<>();
        for (TaggedRequest request : exchange.data.getReqSequence())
            items.add(check(exchange, request));
        if (items.isEmpty())
            throw new Refusal(2, "nothing is asked for", bodies(exchange));
        if (exchange.line.has("pending"))
            defer(exchange, items);
        else
            issue(exchange, items);
    }

    private static Item item(TaggedRequest request) throws Exception {
        Item item = new Item();
        if (request.getTagNo() == TaggedRequest.TCR) {
            ASN1Sequence tagged = ASN1Sequence.getInstance(request.getValue().toASN1Primitive());
            CertificationRequest p10 = CertificationRequest.getInstance(tagged.getObjectAt(1));
            item.id = BodyPartID.getInstance(tagged.getObjectAt(0));
            item.subject = p10.getCertificationRequestInfo().getSubject();
            item.key = p10.getCertificationRequestInfo().getSubjectPublicKeyInfo();
            for (Attribute attribute : new PKCS10CertificationRequest(p10).getAttributes(
                    PKCSObjectIdentifiers.pkcs_9_at_extensionRequest))
                item.extensions = Extensions.getInstance(attribute.getAttrValues().getObjectAt(0));
        } else if (request.getTagNo() == TaggedRequest.CRM) {
            CertReqMsg message = CertReqMsg.getInstance(request.getValue());
            CertTemplate template = message.getCertReq().getCertTemplate();
            item.id = new BodyPartID(message.getCertReq().getCertReqId().longValueExact());
            item.subject = template.getSubject();
            item.key = template.getPublicKey();
            item.extensions = template.getExtensions();
        } else {
            throw new Refusal(2, "orm requests are not supported");
        }
        return item;
    }

    /** The proof of possession and who may ask for whom. */
    private Item check(Exchange exchange, TaggedRequest request) throws Exception {
        Item item = item(request);
        if (item.subject == null || item.key == null)
            throw new Refusal(2, "subject or key is missing", item.id);
        if (item.id.getID() == 0 && !exchange.line.has("allow-zero"))
            throw new Refusal(2, "bodyPartID 0 names the PKIData itself", item.id);
        boolean witnessed = witnessed(exchange, item.id);
        int proof = proof(request, item);
        if (proof == 9)
            throw new Refusal(9, "the proof of possession does not verify", item.id);
        if (proof == 8 && !(exchange.isRa && witnessed))
            throw new Refusal(witnessed ? 9 : 8, "a proof of possession is required", item.id);
        if (witnessed && exchange.line.has("no-witness"))
            throw new Refusal(9, "this CA does not take a registration authority's word", item.id);
        if (!exchange.isRa && !item.subject.equals(exchange.signer.getSubject()))
            throw new Refusal(7, "the signer may not ask for another subject", item.id);
        return item;
    }

    /** 0: it verifies, 8: there is none, 9: it is wrong. */
    private static int proof(TaggedRequest request, Item item) throws Exception {
        JcaContentVerifierProviderBuilder verifier = new JcaContentVerifierProviderBuilder().setProvider("BC");
        if (request.getTagNo() == TaggedRequest.TCR) {
            ASN1Sequence tagged = ASN1Sequence.getInstance(request.getValue().toASN1Primitive());
            PKCS10CertificationRequest p10 =
                new PKCS10CertificationRequest(CertificationRequest.getInstance(tagged.getObjectAt(1)));
            return p10.isSignatureValid(verifier.build(item.key)) ? 0 : 9;
        }
        CertificateRequestMessage message = new CertificateRequestMessage(CertReqMsg.getInstance(request.getValue()));
        if (!message.hasProofOfPossession()
                || message.getProofOfPossessionType() == CertificateRequestMessage.popRaVerified)
            return 8;
        if (message.getProofOfPossessionType() != CertificateRequestMessage.popSigningKey)
            return 9;
        return message.isValidSigningKeyPOP(verifier.build(item.key)) ? 0 : 9;
    }

    private static boolean witnessed(Exchange exchange, BodyPartID id) {
        ASN1Encodable value = exchange.value(CMCObjectIdentifiers.id_cmc_lraPOPWitness);
        if (value == null)
            return false;
        LraPopWitness witness = LraPopWitness.getInstance(value);
        if (witness.getPkiDataBodyid().getID() != 0)
            return false;
        for (BodyPartID each : witness.getBodyIds())
            if (each.getID() == id.getID())
                return true;
        return false;
    }

    private void issue(Exchange exchange, List<Item> items) throws Exception {
        List<BodyPartID> done = new ArrayList<>();
        Script.Line line = exchange.line;
        for (Item item : items) {
            SubjectPublicKeyInfo key = line.has("other-key")
                ? SubjectPublicKeyInfo.getInstance(Authority.makeKey("EC").getPublic().getEncoded()) : item.key;
            X500Name subject = line.has("other-subject") ? new X500Name("O=Foreign,CN=Somebody else") : item.subject;
            exchange.certificates.add(authority.issue(subject, key, item.extensions, "cmc"));
            if (line.has("twice"))
                exchange.certificates.add(authority.issue(subject, key, item.extensions, "cmc"));
            if (line.has("extra-cert"))
                exchange.certificates.add(stranger(Authority.makeKey("EC")));
            if (line.has("no-cert"))
                exchange.certificates.clear();
            done.add(item.id);
        }
        CMCStatus status = line.has("confirm") ? CMCStatus.confirmRequired : CMCStatus.success;
        if (line.has("status"))
            status = CMCStatus.getInstance(new ASN1Integer(line.number("status", 0)));
        CMCStatusInfoV2Builder builder = new CMCStatusInfoV2Builder(status, done.toArray(new BodyPartID[0]));
        if (line.has("text"))
            builder.setStatusString(line.text("text", ""));
        exchange.statuses.add(builder.build());
    }

    private void defer(Exchange exchange, List<Item> items) {
        Pending one = new Pending();
        byte[] token = new byte[16];
        RANDOM.nextBytes(token);
        one.items = items;
        one.due = System.currentTimeMillis() + 1000L * exchange.line.number("wait", 0);
        one.polls = exchange.line.number("polls", 1);
        one.info = new PendInfo(token, new DERGeneralizedTime(new Date(one.due)));
        pending.put(org.bouncycastle.util.encoders.Hex.toHexString(token), one);
        exchange.statuses.add(pendingStatus(one));
    }

    private static CMCStatusInfoV2 pendingStatus(Pending one) {
        List<BodyPartID> ids = new ArrayList<>();
        for (Item item : one.items)
            ids.add(item.id);
        return new CMCStatusInfoV2Builder(CMCStatus.pending, ids.toArray(new BodyPartID[0])).setOtherInfo(one.info)
            .build();
    }

    private void query(Exchange exchange, ASN1OctetString token) throws Exception {
        String name = org.bouncycastle.util.encoders.Hex.toHexString(token.getOctets());
        Pending one = pending.get(name);
        BodyPartID id = exchange.control(CMCObjectIdentifiers.id_cmc_queryPending).getBodyPartID();
        if (one == null)
            throw new Refusal(2, "unknown pendToken", id);
        one.polls--;
        if (one.polls > 0 || System.currentTimeMillis() < one.due) {
            exchange.statuses.add(pendingStatus(one));
            return;
        }
        pending.remove(name);
        issue(exchange, one.items);
    }

    /** confirmCertAcceptance, RFC 10002 6.14; a statusInfoV2 alone that says failed is a rejection. */
    private boolean confirm(Exchange exchange) throws Exception {
        TaggedAttribute control = exchange.control(CMCObjectIdentifiers.id_cmc_confirmCertAcceptance);
        if (control == null)
            return false;
        ASN1Sequence named = ASN1Sequence.getInstance(control.getAttrValues().getObjectAt(0));
        BigInteger serial = ASN1Integer.getInstance(named.getObjectAt(1)).getValue();
        Authority.Issued issued = authority.find(serial);
        if (issued == null)
            throw new Refusal(4, "no such certificate", control.getBodyPartID());
        issued.confirmed = true;
        exchange.statuses.add(new CMCStatusInfoV2Builder(CMCStatus.success, control.getBodyPartID()).build());
        return true;
    }

    private boolean revoke(Exchange exchange) throws Exception {
        boolean any = false;
        for (TaggedAttribute control : exchange.data.getControlSequence()) {
            if (!control.getAttrType().equals(CMCObjectIdentifiers.id_cmc_revokeRequest))
                continue;
            RevokeRequest request = RevokeRequest.getInstance(control.getAttrValues().getObjectAt(0));
            Authority.Issued issued = authority.find(request.getSerialNumber());
            boolean mayRevoke = exchange.isRa
                || exchange.signer.getSerialNumber().equals(request.getSerialNumber());
            if (issued == null || !request.getName().equals(authority.certificate.getSubject()))
                throw new Refusal(4, "no such certificate", control.getBodyPartID());
            if (!mayRevoke)
                throw new Refusal(7, "the signer may not revoke it", control.getBodyPartID());
            authority.revoke(request.getSerialNumber(), request.getReason().getValue().intValue());
            exchange.statuses.add(new CMCStatusInfoV2Builder(CMCStatus.success, control.getBodyPartID()).build());
            any = true;
        }
        return any;
    }

    private boolean crl(Exchange exchange) {
        return exchange.control(CMCObjectIdentifiers.id_cmc_getCRL) != null;
    }

    private static X509CertificateHolder stranger(java.security.KeyPair pair) throws Exception {
        X500Name name = new X500Name("O=Strangers,CN=Nobody asked for this");
        long now = System.currentTimeMillis();
        return new X509v3CertificateBuilder(name, BigInteger.valueOf(now), new Date(now - 1000),
            new Date(now + 86_400_000L), name, SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()))
            .build(Authority.signer(pair.getPrivate()));
    }

    private static TaggedAttribute tagged(int number, ASN1ObjectIdentifier type, ASN1Encodable value) {
        return new TaggedAttribute(new BodyPartID(number), type, new DERSet(value));
    }

    private byte[] full(Exchange exchange) throws Exception {
        Script.Line line = exchange.line;
        ASN1EncodableVector controls = new ASN1EncodableVector();
        int number = 1;
        for (CMCStatusInfoV2 status : exchange.statuses)
            if (!line.has("no-status"))
                controls.add(tagged(number++, CMCObjectIdentifiers.id_cmc_statusInfoV2, status));
        if (exchange.transactionId != null && !line.has("no-transaction"))
            controls.add(tagged(number++, CMCObjectIdentifiers.id_cmc_transactionId,
                line.has("wrong-transaction") ? new ASN1Integer(4711) : exchange.transactionId));
        if (exchange.senderNonce != null && !line.has("no-nonce")) {
            byte[] nonce = ASN1OctetString.getInstance(exchange.senderNonce).getOctets().clone();
            if (line.has("wrong-nonce"))
                nonce[0] ^= 1;
            controls.add(tagged(number++, CMCObjectIdentifiers.id_cmc_recipientNonce, new DEROctetString(nonce)));
        }
        byte[] own = new byte[16];
        RANDOM.nextBytes(own);
        controls.add(tagged(number, CMCObjectIdentifiers.id_cmc_senderNonce, new DEROctetString(own)));
        PKIResponse response = PKIResponse.getInstance(new DERSequence(new ASN1Encodable[] {
            new DERSequence(controls), new DERSequence(), new DERSequence()}));
        return sign(exchange, response.getEncoded("DER"));
    }

    private byte[] sign(Exchange exchange, byte[] content) throws Exception {
        Script.Line line = exchange.line;
        PrivateKey key = authority.key;
        X509CertificateHolder certificate = authority.certificate;
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        if (line.has("bad-signature"))
            key = Authority.makeKey(key.getAlgorithm().startsWith("EC") ? "EC" : "RSA").getPrivate();
        if (line.has("wrong-signer")) {
            java.security.KeyPair pair = Authority.makeKey("EC");
            key = pair.getPrivate();
            certificate = stranger(pair);
            generator.addCertificate(certificate);
        }
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
            new JcaDigestCalculatorProviderBuilder().setProvider("BC").build()).build(Authority.signer(key), certificate));
        for (X509CertificateHolder each : exchange.certificates)
            generator.addCertificate(each);
        generator.addCertificate(authority.certificate);
        if (exchange.data != null && exchange.control(CMCObjectIdentifiers.id_cmc_getCRL) != null)
            generator.addCRL(authority.crl());
        return generator.generate(
            new CMSProcessableByteArray(CMCObjectIdentifiers.id_cct_PKIResponse, content), true).getEncoded("DER");
    }

    private byte[] simple(Exchange exchange) throws Exception {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        for (X509CertificateHolder each : exchange.certificates)
            generator.addCertificate(each);
        generator.addCertificate(authority.certificate);
        return generator.generate(new CMSAbsentContent(), false).getEncoded("DER");
    }
}
